import type { Kubectl, KubernetesObject } from './kubectl.ts';
import type { RunningWorkload } from './rollout.ts';
import { partOfSystem } from './scale.ts';

interface Pod extends KubernetesObject {
  status: { conditions?: { type: string; status: string }[] };
}

/**
 * A StatefulSet waits for ever for a pod of the old version that never becomes ready before it makes one of the new version
 * (https://github.com/kubernetes/kubernetes/issues/67250). Such a pod does nothing: it is deleted.
 */
export async function freeStuckPods(kubectl: Kubectl, say: (line: string) => void): Promise<void> {
  const [sets, pods] = await Promise.all([
    kubectl.list<RunningWorkload>('statefulsets', partOfSystem),
    kubectl.list<Pod>('pods', partOfSystem),
  ]);
  for (const pod of stuckPods(sets, pods)) {
    say(`deleting ${pod}: it is of the old version, does not work, and keeps the new one from coming`);
    await kubectl.run(['delete', 'pod', pod, '--wait=false']);
  }
}

/** Names of pods that are of another revision than their StatefulSet wants, and not ready. */
export function stuckPods(sets: readonly RunningWorkload[], pods: readonly Pod[]): string[] {
  return pods
    .filter(({ metadata, status }) => {
      const set = sets.find(({ metadata: { name } }) => name === metadata.labels?.['app.kubernetes.io/name']);
      const revision = metadata.labels?.['controller-revision-hash'];
      const ready = status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');
      const leaving = metadata['deletionTimestamp'] !== undefined;
      return set !== undefined && revision !== set.status.updateRevision && ready !== true && !leaving;
    })
    .map(({ metadata }) => metadata.name);
}
