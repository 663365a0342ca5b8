import { done, notYet, until } from '../wait.ts';
import { stopOrder } from '../local/components.ts';
import { patiently } from './kubectl.ts';
import type { Kubectl, KubernetesObject } from './kubectl.ts';
import { nameOf } from './objects.ts';
import type { Workload } from './objects.ts';

/** Everything of the system carries this label. */
export const partOfSystem = '--selector=app.kubernetes.io/part-of=microservices';

/** The longest terminationGracePeriodSeconds of the manifests, and as much again for a busy node. */
const goneTimeoutMs = 240_000;

export async function listWorkloads(kubectl: Kubectl): Promise<Workload[]> {
  return kubectl.list<Workload>('deployments,statefulsets', partOfSystem);
}

/** The gateway first, the stores last; what the list does not know goes with the first. */
export function inStopOrder<T extends KubernetesObject>(workloads: readonly T[]): T[][] {
  const known = stopOrder.flat() as string[];
  return stopOrder
    .map((names, index) =>
      workloads.filter(({ metadata: { name } }) =>
        known.includes(name) ? (names as string[]).includes(name) : index === 0,
      ),
    )
    .filter((group) => group.length > 0);
}

/** Sets how many pods these shall have. An autoscaler leaves a Deployment of none alone. */
export async function scale(kubectl: Kubectl, workloads: readonly KubernetesObject[], replicas: number): Promise<void> {
  if (workloads.length > 0) await kubectl.run(['scale', `--replicas=${replicas}`, ...workloads.map(nameOf)]);
}

/** Stops all pods in order: whoever takes requests first, the stores when nobody needs them any more. */
export async function stopWorkloads(kubectl: Kubectl, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  for (const group of inStopOrder(await listWorkloads(kubectl))) {
    say(`stopping ${group.map(({ metadata }) => metadata.name).join(', ')}`);
    await stopTogether(kubectl, group, signal);
  }
}

/** Stops the pods of these and returns when they are gone. @throws DeadlineError */
export async function stopTogether(
  kubectl: Kubectl,
  workloads: readonly KubernetesObject[],
  signal: AbortSignal,
): Promise<void> {
  const names = workloads.map(({ metadata }) => metadata.name).join(', ');
  await scale(kubectl, workloads, 0);
  const gone = async () => {
    const left = (await kubectl.list('pods', `--selector=app.kubernetes.io/name in (${names})`)).map(
      ({ metadata }) => metadata.name,
    );
    return left.length === 0 ? done(undefined) : notYet(`${left.join(', ')} still there`);
  };
  await until(`the pods of ${names} end`, goneTimeoutMs, () => patiently(gone), { everyMs: 500, signal });
}

/**
 * Removes pods that have ended: those that a machine's shutdown left behind, and nobody else removes. `kubectl wait` for all pods
 * would wait for them in vain.
 */
export async function removeEndedPods(kubectl: Kubectl): Promise<void> {
  for (const phase of ['Failed', 'Succeeded']) {
    await kubectl.run(['delete', 'pods', partOfSystem, `--field-selector=status.phase=${phase}`, '--wait=false']);
  }
}
