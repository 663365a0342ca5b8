import type { Cause } from './diagnose.containers.ts';
import { componentOf, cures, kubectlCommand } from './diagnosis.ts';
import type { Node, Pod } from './objects.ts';
import type { Snapshot } from './snapshot.ts';

const hostname = 'kubernetes.io/hostname';

export const isReady = ({ status }: Node): boolean =>
  status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True');

/** Neither takes new pods: one is lost, the other somebody has cordoned. */
export const isAway = (node: Node): boolean => !isReady(node) || node.spec.unschedulable === true;

/** What the scheduler says of a pod that it finds no node for: "0/2 nodes are available: …", without what follows from it. */
export function schedulerWords({ status }: Pod): string | undefined {
  const scheduled = status.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return undefined;
  return (scheduled.message ?? '').split(/\. (?:no new claims to deallocate, )?preemption:/)[0] ?? '';
}

/** The node on which a pod's volume lies; undefined when it has none that is bound to one node. */
export function homeOf(pod: Pod, { claims, volumes }: Snapshot): string | undefined {
  const names = (pod.spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []);
  const bound = claims.filter(({ metadata }) => names.includes(metadata.name)).map(({ spec }) => spec.volumeName);
  return volumes
    .filter(({ metadata }) => bound.includes(metadata.name))
    .flatMap(({ spec }) => spec.nodeAffinity?.required?.nodeSelectorTerms ?? [])
    .flatMap(({ matchExpressions }) => matchExpressions ?? [])
    .find(({ key }) => key === hostname)?.values?.[0];
}

/** The node whose return lets this pod run: where its volume is, or else one that takes no pods now. */
export function waitsForNode(pod: Pod, snapshot: Snapshot): string | undefined {
  const words = schedulerWords(pod);
  if (words === undefined) return undefined;
  const away = snapshot.nodes.filter(isAway).map(({ metadata }) => metadata.name);
  const home = homeOf(pod, snapshot);
  if (home !== undefined) return away.find((name) => name === home);
  return /Insufficient|Too many pods|PersistentVolume|persistentvolumeclaim/.test(words) ? undefined : away[0];
}

/** Why no node takes a pod. */
export function schedulingCause(pod: Pod, words: string, snapshot: Snapshot): Cause {
  const home = homeOf(pod, snapshot);
  if (home !== undefined) return { ...homeCause(home, componentOf(pod), snapshot), evidence: words };
  const short = [...words.matchAll(/Insufficient (\S+?)(?=[,.]|$)/g)].map(([, resource = '']) => resource);
  if (short.length > 0 || /Too many pods/.test(words)) {
    const what = short.length > 0 ? [...new Set(short)].join(' and ') : 'room for another pod';
    return {
      message: `no node has enough ${what} left for it`,
      cure: cures(
        "kubectl describe nodes | grep -A 9 'Allocated resources'   # who has it?",
        '# give the machines more, add a node, or lower the requests in Manifests/ and: ./orchestrator.sh deploy',
      ),
      evidence: words,
    };
  }
  const taint = /untolerated taint(?:\(s\))?,? ?\{([^:}]+)/.exec(words)?.[1];
  if (taint !== undefined) {
    return {
      message: `the nodes keep it away by the taint ${taint}`,
      // Those of Kubernetes itself go with their cause.
      cure: taint.startsWith('node.kubernetes.io/')
        ? `kubectl describe nodes | grep -A 12 Conditions   # what is the trouble of the nodes?`
        : `kubectl taint nodes --all ${taint}-   # takes the taint from all nodes`,
      evidence: words,
    };
  }
  return {
    message: 'no node takes it',
    cure: kubectlCommand(`describe pod ${pod.metadata.name}`),
    evidence: words,
  };
}

function homeCause(home: string, component: string, { nodes }: Snapshot): Cause {
  if (nodes.some(({ metadata }) => metadata.name === home)) {
    return {
      message: `its volume lies on the node ${home}, which does not take it now`,
      cure: cures(
        `kubectl describe node ${home}   # taints, and who has its memory`,
        ...moveTo(component, nodes, home),
      ),
    };
  }
  return {
    message: `its volume lies on the node ${home}, which is no longer part of the cluster`,
    cure: cures(
      './orchestrator.sh create   # brings a missing machine back, with its data where the disk is still there',
      kubectlCommand(`delete pvc,pod -l app.kubernetes.io/name=${component}`) + '   # where it is not: an empty volume',
    ),
  };
}

/** The command that moves a database or the broker with its data to another node. */
export function moveTo(component: string, nodes: readonly Node[], from: string): string[] {
  const other = nodes.find((node) => node.metadata.name !== from && !isAway(node));
  return other === undefined ? [] : [`./orchestrator.sh move ${component} ${other.metadata.name}   # with its data`];
}
