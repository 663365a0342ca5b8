import { duration } from '../terminal.ts';
import { done, notYet, until } from '../wait.ts';
import { patiently } from './kubectl.ts';
import type { Kubectl, KubernetesObject } from './kubectl.ts';
import { nameOf } from './objects.ts';
import type { Workload } from './objects.ts';

/** A Deployment or a StatefulSet with what the cluster says of it. */
export interface RunningWorkload extends Workload {
  metadata: Workload['metadata'] & { generation: number };
  status: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    currentRevision?: string;
    updateRevision?: string;
  };
}

/** What keeps a rollout from being finished; undefined when it is: all pods are of the newest version and available. */
export function rolloutState({ kind, metadata, spec, status }: RunningWorkload): string | undefined {
  const wanted = spec.replicas ?? 1;
  const { updatedReplicas = 0, availableReplicas = 0, replicas = 0 } = status;
  if ((status.observedGeneration ?? 0) < metadata.generation) return 'not looked at yet';
  // A StatefulSet counts the pods of the newest revision only while it replaces others.
  const settled = kind === 'StatefulSet' && status.currentRevision === status.updateRevision;
  const updated = settled ? replicas : updatedReplicas;
  if (updated < wanted) return `${updated} of ${wanted} pods are of the new version`;
  if (replicas > wanted) return `${replicas - wanted} pods of the old version are still there`;
  if (availableReplicas < wanted) return `${availableReplicas} of ${wanted} pods are ready`;
  return undefined;
}

export interface RolloutOptions {
  deadlineMs: number;
  signal: AbortSignal;
  say: (line: string) => void;
  /** Looks for what waiting will not cure; throws then. */
  check: () => Promise<void>;
}

/** Short beside a start of some seconds, long beside a question of some milliseconds. */
const pollMs = 1_000;

/** How often a waiting user hears of it. */
const progressEveryMs = 10_000;

/** How often it is looked for causes that waiting will not cure; each costs several questions. */
const checkEveryMs = 15_000;

/** Waits until these workloads have rolled out. @throws DeadlineError with the last state of each */
export async function waitForRollout(
  kubectl: Kubectl,
  workloads: readonly KubernetesObject[],
  { deadlineMs, signal, say, check }: RolloutOptions,
): Promise<void> {
  const [first, ...others] = workloads.map(nameOf);
  if (first === undefined) return;
  const names = [first, ...others] as const;
  const start = performance.now();
  let told = start;
  let checked = start;
  const look = async () => {
    const running = await kubectl.list<RunningWorkload>(...names);
    const waiting = running.flatMap((workload) => {
      const state = rolloutState(workload);
      return state === undefined ? [] : [`${workload.metadata.name}: ${state}`];
    });
    if (waiting.length === 0) return done(undefined);
    const now = performance.now();
    if (now - told >= progressEveryMs) {
      told = now;
      say(`${duration(now - start)}: ${waiting.join('; ')}`);
    }
    if (now - checked >= checkEveryMs) {
      checked = now;
      await check();
    }
    return notYet(waiting.join('; '));
  };
  await until(names.join(', '), deadlineMs, () => patiently(look), { everyMs: pollMs, signal });
}
