import { run } from '../exec.ts';
import { componentNames } from '../local/ports.plan.ts';
import type { ComponentName } from '../local/ports.plan.ts';
import { processIdentity, signalProcess } from '../local/process-table.ts';
import type { LocalSystem } from '../target/target.ts';
import { done, notYet, until } from '../wait.ts';
import { NotStruck } from './fault.ts';
import type { Fault, Strike } from './fault.ts';

const endTimeoutMs = 30_000;

export async function pidOf({ control }: LocalSystem, name: ComponentName): Promise<number> {
  const { components } = await control.status();
  const pid = components.find((component) => component.name === name)?.pid;
  if (pid === undefined) throw new NotStruck(`${name} does not run`);
  return pid;
}

/** Sends a signal that ends the process, and sees it gone; the supervisor starts it again. */
export const endProcess =
  (name: ComponentName, signal: NodeJS.Signals): Strike<LocalSystem> =>
  async (system) => {
    const pid = await pidOf(system, name);
    const identity = await processIdentity(pid);
    process.kill(pid, signal);
    await until(`${name} ends`, endTimeoutMs, async () =>
      (await processIdentity(pid)) === identity ? notYet(`process ${pid} is still there`) : done(undefined),
    );
  };

/** Stops the process and all that it started, as a machine without time for them would, and lets them go on. */
export const freeze =
  (name: ComponentName): Strike<LocalSystem> =>
  async (system, { mender, hold, holdMs }) => {
    const pids = await withChildren(await pidOf(system, name));
    const processes = await Promise.all(pids.map(async (pid) => ({ pid, identity: await processIdentity(pid) })));
    await mender.during({ kind: 'continue', processes }, async () => {
      for (const { pid } of processes) signalProcess(pid, 'SIGSTOP');
      await hold(holdMs);
    });
  };

/** A process and those that it started. */
export async function withChildren(pid: number): Promise<number[]> {
  const table = await run(['ps', '-A', '-o', 'pid=,ppid='], { timeoutMs: 10_000 });
  const children = table.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return [pid, ...children.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []))];
}

const stopSignals: Readonly<Record<ComponentName, NodeJS.Signals>> = {
  'api-gateway': 'SIGTERM',
  'inventory-app': 'SIGTERM',
  'billing-app': 'SIGTERM',
  rabbitmq: 'SIGTERM',
  // A fast shutdown: after SIGTERM PostgreSQL waits until its clients have gone (postgres(1)).
  'inventory-database': 'SIGINT',
  'billing-database': 'SIGINT',
};

export const frozen: readonly Fault[] = componentNames.map((name) => ({
  name: `${name}-frozen`,
  explains: `${name} gets no time of the processor for some seconds (SIGSTOP), and then goes on as if nothing had been`,
  local: freeze(name),
}));

export const stopSignalOf = (name: ComponentName): NodeJS.Signals => stopSignals[name];
