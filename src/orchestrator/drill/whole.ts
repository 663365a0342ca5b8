import { patiently } from '../cluster/kubectl.ts';
import type { RunningWorkload } from '../cluster/rollout.ts';
import { rolloutState } from '../cluster/rollout.ts';
import { partOfSystem } from '../cluster/scale.ts';
import type { Target } from '../target/target.ts';
import { done, notYet, until } from '../wait.ts';
import type { Seen } from '../wait.ts';

/** Waits until every part of the system is ready, and `also` holds. @throws DeadlineError that names what is not */
export async function untilWhole(
  target: Target,
  deadlineMs: number,
  signal: AbortSignal,
  also: () => boolean = () => true,
): Promise<void> {
  const everyMs = target.kind === 'local' ? 50 : 1_000;
  const look = async (): Promise<Seen<undefined>> => {
    const missing = await (target.kind === 'local' ? missingProcesses(target) : missingPods(target));
    if (missing.length > 0) return notYet(missing.join('; '));
    return also() ? done(undefined) : notYet('no order is confirmed');
  };
  await until('the system is whole again', deadlineMs, () => patiently(look), { everyMs, signal });
}

async function missingProcesses({ control }: Extract<Target, { kind: 'local' }>): Promise<string[]> {
  const { components } = await control.status();
  return components.flatMap(({ name, phase, detail }) =>
    phase === 'ready' ? [] : [`${name} is ${phase} ${detail}`.trim()],
  );
}

async function missingPods({ kubectl }: Extract<Target, { kind: 'cluster' }>): Promise<string[]> {
  const workloads = await kubectl.list<RunningWorkload>('deployments,statefulsets', partOfSystem);
  return workloads.flatMap((workload) => {
    if (workload.spec.replicas === 0) return [`${workload.metadata.name} is stopped`];
    const state = rolloutState(workload);
    return state === undefined ? [] : [`${workload.metadata.name}: ${state}`];
  });
}
