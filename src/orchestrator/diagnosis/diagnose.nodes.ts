import { homeOf, isReady, moveTo, waitsForNode } from './diagnose.scheduling.ts';
import type { Diagnosis } from './diagnosis.ts';
import { componentOf, cures } from './diagnosis.ts';
import type { Node } from './objects.ts';
import { duration } from '../terminal.ts';
import type { Snapshot } from './snapshot.ts';

/** Nodes that are lost, in distress, or set aside; with each the pods that cannot work because of it. */
export function diagnoseNodes(snapshot: Snapshot, nowMs: number): Diagnosis[] {
  return snapshot.nodes.flatMap((node) => {
    if (!isReady(node)) return [lost(node, snapshot, nowMs)];
    return [...pressures(node), ...(node.spec.unschedulable === true ? [cordoned(node, snapshot)] : [])];
  });
}

/** What a node's conditions other than Ready mean when they are True. */
const distress: Readonly<Record<string, readonly [message: string, cure: string]>> = {
  MemoryPressure: [
    'has hardly any memory left, and puts pods out',
    'kubectl top pods -A --sort-by=memory   # who has it?',
  ],
  DiskPressure: [
    'has hardly any disk left, and puts pods out',
    '# on the node: df -h; then sudo k3s crictl rmi --prune   (images that nothing uses)',
  ],
  PIDPressure: ['has too many processes', '# on the node: ps -e --sort=-nlwp | head'],
  NetworkUnavailable: [
    'has no network for pods',
    'kubectl get pods -n kube-system -o wide   # does its network plug-in run?',
  ],
};

function pressures({ metadata, status }: Node): Diagnosis[] {
  return status.conditions.flatMap(({ type, status, message }) => {
    const known = distress[type];
    if (known === undefined || status !== 'True') return [];
    return {
      level: 'error',
      subject: `node ${metadata.name}`,
      message: `the node ${metadata.name} ${known[0]}`,
      cure: known[1],
      evidence: message ?? '',
      explains: [],
    };
  });
}

function lost(node: Node, snapshot: Snapshot, nowMs: number): Diagnosis {
  const { name } = node.metadata;
  const ready = node.status.conditions.find(({ type }) => type === 'Ready');
  const since =
    ready?.lastTransitionTime === undefined ? '' : ` for ${duration(nowMs - Date.parse(ready.lastTransitionTime))}`;
  const explains = [...podsOn(name, snapshot), ...podsWaitingFor(name, snapshot)];
  return {
    level: 'error',
    subject: `node ${name}`,
    message: `the node ${name} is not Ready${since}${affected(explains)}`,
    cure: cures(
      './orchestrator.sh start   # starts a stopped machine again',
      `kubectl describe node ${name}   # what its kubelet said last`,
      ...(explains.length > 0
        ? [`kubectl delete node ${name}   # only when the machine is gone for good: frees its pods`]
        : []),
    ),
    evidence: ready?.message ?? '',
    explains,
  };
}

function cordoned(node: Node, snapshot: Snapshot): Diagnosis {
  const { name } = node.metadata;
  const explains = podsWaitingFor(name, snapshot);
  const bound = snapshot.pods.filter((pod) => explains.includes(pod.metadata.name) && homeOf(pod, snapshot) === name);
  return {
    level: explains.length > 0 ? 'error' : 'warning',
    subject: `node ${name}`,
    message: `the node ${name} is cordoned and takes no new pods${affected(explains)}`,
    cure: cures(`kubectl uncordon ${name}`, ...bound.flatMap((pod) => moveTo(componentOf(pod), snapshot.nodes, name))),
    explains,
  };
}

const podsOn = (node: string, { pods }: Snapshot): string[] =>
  pods.filter(({ spec }) => spec.nodeName === node).map(({ metadata }) => metadata.name);

const podsWaitingFor = (node: string, snapshot: Snapshot): string[] =>
  snapshot.pods.filter((pod) => waitsForNode(pod, snapshot) === node).map(({ metadata }) => metadata.name);

const affected = (pods: readonly string[]): string => (pods.length === 0 ? '' : `; with it ${pods.join(', ')}`);
