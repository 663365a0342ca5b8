import type { RemoteControl } from '../local/control.ts';
import { readUsage } from '../local/process-usage.ts';
import type { ProcessUsage } from '../local/process-usage.ts';
import { Failure } from '../failure.ts';
import type { Look } from './samples.ts';

/** The programs of our own; those of PostgreSQL and RabbitMQ are many. */
const services: readonly string[] = ['api-gateway', 'inventory-app', 'billing-app'];

/** What the services on this machine use of it, from one look to the next. */
export function lookAtProcesses(control: RemoteControl): Look {
  let before: ReadonlyMap<number, ProcessUsage> | undefined;
  let beforeMs = 0;
  return async () => {
    const components = await control.status().then(
      (status) => status.components.filter(({ name }) => services.includes(name)),
      (error: unknown) => {
        if (error instanceof Failure) return undefined;
        throw error;
      },
    );
    if (components === undefined) return undefined;
    const now = await readUsage(components.flatMap(({ pid }) => pid ?? []));
    const nowMs = performance.now();
    const usage = components.flatMap(({ name, pid = 0 }) => {
      const current = now.get(pid);
      // The first look has nothing to compare with.
      if (current === undefined || before === undefined) return [];
      // A process that was started meanwhile has used nothing before.
      const cpuMs = current.cpuMs - (before.get(pid)?.cpuMs ?? 0);
      return [
        { name, cpuMillicores: Math.round((cpuMs / (nowMs - beforeMs)) * 1000), memoryBytes: current.memoryBytes },
      ];
    });
    [before, beforeMs] = [now, nowMs];
    return { pods: [], usage };
  };
}
