import { containerCause, missing } from './diagnose.containers.ts';
import type { Cause } from './diagnose.containers.ts';
import { schedulerWords, schedulingCause } from './diagnose.scheduling.ts';
import type { Diagnosis } from './diagnosis.ts';
import { componentOf, cures, kubectlCommand } from './diagnosis.ts';
import type { Pod } from './objects.ts';
import { duration } from '../terminal.ts';
import { containersOf, eventsOf } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';

/** A node sets up a pod within seconds; what is left of that time is for the images. */
const setUpMs = 90_000;

/** Beyond its own grace period; the node needs a moment to report. */
const endingMs = 60_000;

/** Why pods do not run; probes are another matter. */
export function diagnosePods(pods: readonly Pod[], snapshot: Snapshot, nowMs: number): Diagnosis[] {
  return pods.flatMap((pod) => {
    const cause = podCause(pod, snapshot, nowMs);
    if (cause === undefined) return [];
    const stuck = isStuckVersion(pod, snapshot) ? stuckVersion(pod, cause) : cause;
    return { level: 'error', subject: componentOf(pod), explains: [pod.metadata.name], ...stuck };
  });
}

function podCause(pod: Pod, snapshot: Snapshot, nowMs: number): Cause | undefined {
  const { metadata, status } = pod;
  if (metadata.deletionTimestamp !== undefined) return endingCause(pod, metadata.deletionTimestamp, nowMs);
  if (status.phase === 'Failed') {
    return {
      level: 'warning',
      message: `a pod of it has failed and stays as a trace (${status.reason ?? 'no reason given'})`,
      cure: kubectlCommand('delete pods --field-selector=status.phase=Failed'),
      evidence: status.message ?? '',
    };
  }
  const words = schedulerWords(pod);
  if (words !== undefined) return schedulingCause(pod, words, snapshot);
  for (const container of containersOf(pod)) {
    const cause = containerCause(pod, container, snapshot, nowMs);
    if (cause !== undefined) return cause;
  }
  return setUpCause(pod, snapshot, nowMs);
}

function endingCause({ metadata, spec }: Pod, due: string, nowMs: number): Cause | undefined {
  if (nowMs - Date.parse(due) < endingMs) return undefined;
  const { name, finalizers = [] } = metadata;
  if (finalizers.length > 0) {
    return {
      message: `its old pod ${name} is not removed: it waits for ${finalizers.join(', ')}`,
      cure: kubectlCommand(`patch pod ${name} --type=merge -p '{"metadata":{"finalizers":null}}'`),
    };
  }
  return {
    message: `its old pod ${name} does not end on the node ${spec.nodeName ?? 'it had'}`,
    cure: cures(
      `kubectl describe node ${spec.nodeName ?? ''}   # does its kubelet work?`,
      `${kubectlCommand(`delete pod ${name} --force --grace-period=0`)}   # only when nothing of it runs any more: two on one volume destroy it`,
    ),
  };
}

/** What keeps the containers from being made: volumes, the network. */
function setUpCause(pod: Pod, snapshot: Snapshot, nowMs: number): Cause | undefined {
  const { metadata } = pod;
  const isWaiting = containersOf(pod).some(({ state }) =>
    /^(ContainerCreating|PodInitializing)$/.test(state.waiting?.reason ?? ''),
  );
  if (!isWaiting) return undefined;
  const events = eventsOf(snapshot, 'Pod', metadata);
  const failed = events.find(({ reason }) => /^(FailedMount|FailedAttachVolume|FailedCreatePodSandBox)$/.test(reason));
  const evidence = failed?.message ?? '';
  const [, kind = '', name = ''] = /(secret|configmap) "([^"]+)" not found/i.exec(evidence) ?? [];
  if (name !== '') {
    const message = `the ${kind === 'secret' ? 'Secret' : 'ConfigMap'} ${name} is missing`;
    // The event may be older than the Secret: the kubelet tries again within two minutes.
    return { ...missing(message), evidence, final: false };
  }
  const key = /references non-existent (?:secret|config) key: (\S+)/.exec(evidence)?.[1];
  if (key !== undefined) return { ...missing(`a Secret or ConfigMap of it has no key ${key}`), evidence, final: false };
  const ageMs = nowMs - Date.parse(metadata.creationTimestamp);
  if (ageMs < setUpMs) return undefined;
  if (failed !== undefined) {
    const what = failed.reason === 'FailedCreatePodSandBox' ? 'network' : 'volumes';
    return { message: `its ${what} cannot be set up`, cure: kubectlCommand(`describe pod ${metadata.name}`), evidence };
  }
  const pulling = events.find(({ reason }) => reason === 'Pulling');
  return {
    level: 'warning',
    message: `it is still being set up after ${duration(ageMs)}`,
    cure: `${kubectlCommand('get events --watch')}   # a large image on a slow line takes minutes`,
    evidence: pulling?.message ?? '',
  };
}

/** https://github.com/kubernetes/kubernetes/issues/67250: a StatefulSet waits for its broken pod to be ready before it replaces it. */
function isStuckVersion({ metadata }: Pod, { workloads }: Snapshot): boolean {
  const set = workloads.find(
    (workload) => workload.kind === 'StatefulSet' && metadata.name.replace(/-\d+$/, '') === workload.metadata.name,
  );
  const version = metadata.labels?.['controller-revision-hash'];
  return (
    metadata.deletionTimestamp === undefined &&
    set?.spec.podManagementPolicy !== 'Parallel' &&
    set?.status.updateRevision !== undefined &&
    version !== undefined &&
    version !== set.status.updateRevision
  );
}

function stuckVersion({ metadata }: Pod, cause: Cause): Cause {
  return {
    ...cause,
    message: `${cause.message}; a corrected version is there, but a StatefulSet does not replace a pod that never was ready`,
    cure: `${kubectlCommand(`delete pod ${metadata.name}`)}   # the new one has the corrected version; the data stays`,
    final: true,
  };
}
