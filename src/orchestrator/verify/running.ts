import { listWorkloads } from '../cluster/scale.ts';
import { Failure } from '../failure.ts';
import { commandOn } from '../local/data-folder.ts';
import { componentNames } from '../local/ports.plan.ts';
import type { ComponentName } from '../local/ports.plan.ts';
import type { Target } from '../target/target.ts';

/**
 * What somebody has stopped stays stopped, and nothing that depends on it can be looked at.
 * @throws Failure not-running
 */
export async function requireRunning(target: Target, names: readonly ComponentName[] = componentNames): Promise<void> {
  const stopped = (await stoppedParts(target)).filter((name) => names.some((needed) => needed === name));
  const [first] = stopped;
  if (first === undefined) return;
  throw new Failure('not-running', `Stopped: ${stopped.join(', ')}. Promises are looked at on a system that runs.`, {
    cure: target.kind === 'cluster' ? './orchestrator.sh start' : `${commandOn(target.dir)} start ${first}`,
  });
}

async function stoppedParts(target: Target): Promise<string[]> {
  if (target.kind === 'cluster') {
    const workloads = await listWorkloads(target.kubectl);
    return workloads.filter(({ spec }) => spec.replicas === 0).map(({ metadata }) => metadata.name);
  }
  const { components } = await target.control.status();
  return components.filter(({ phase }) => phase === 'stopped').map(({ name }) => name);
}
