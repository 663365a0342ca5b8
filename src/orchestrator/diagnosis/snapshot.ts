import { CommandError, lastLines } from '../exec.ts';
import type { Kubectl } from '../cluster/kubectl.ts';
import type {
  Autoscaler,
  Claim,
  ClusterEvent,
  ContainerStatus,
  Metadata,
  Node,
  Pod,
  Service,
  Volume,
  Workload,
} from './objects.ts';

/** The state of the cluster as data: everything that a diagnosis is made from. */
export interface Snapshot {
  nodes: readonly Node[];
  pods: readonly Pod[];
  workloads: readonly Workload[];
  autoscalers: readonly Autoscaler[];
  claims: readonly Claim[];
  volumes: readonly Volume[];
  services: readonly Service[];
  /** Of the namespace, the newest first; Kubernetes keeps them for an hour. */
  events: readonly ClusterEvent[];
  /** The last lines of the containers that are not well, by `pod/container`. */
  logs: Readonly<Record<string, string>>;
}

type ClusterObject = Node | Pod | Workload | Autoscaler | Claim | Volume | Service | ClusterEvent;

/** One question for all of them: kubectl asks the API server once for each. */
const resources = [
  'nodes',
  'persistentvolumes',
  'persistentvolumeclaims',
  'deployments.apps',
  'statefulsets.apps',
  'pods',
  'services',
  'horizontalpodautoscalers.v2.autoscaling',
  'events',
].join(',');

/** Enough for the list of what a service misses in its configuration, or the end of a stack. */
const logLines = 10;

/** A log comes from the pod's node, which may be away. */
const logTimeoutMs = 5_000;

/** Of more sick containers than this, the first tell enough. */
const mostLogs = 8;

/** A restart longer ago is history. */
export const recentMs = 10 * 60_000;

/**
 * Looks at the whole cluster, once.
 * @throws Failure unreachable
 */
export async function takeSnapshot(kubectl: Kubectl, nowMs = Date.now()): Promise<Snapshot> {
  const objects = (await kubectl.list(resources)) as unknown as ClusterObject[];
  const of = <K extends ClusterObject['kind']>(...kinds: K[]): Extract<ClusterObject, { kind: K }>[] =>
    objects.filter((object): object is Extract<ClusterObject, { kind: K }> =>
      kinds.some((kind) => kind === object.kind),
    );
  const pods = of('Pod');
  const sick = pods.flatMap((pod) =>
    containersOf(pod)
      .filter((status) => needsLog(status, nowMs))
      .map((status) => ({ pod, status })),
  );
  const logs = await Promise.all(
    sick.slice(0, mostLogs).map(async ({ pod, status }) => {
      return [logKey(pod, status.name), await tailOfContainer(kubectl, pod.metadata.name, status)] as const;
    }),
  );
  return {
    nodes: of('Node'),
    pods,
    workloads: of('Deployment', 'StatefulSet'),
    autoscalers: of('HorizontalPodAutoscaler'),
    claims: of('PersistentVolumeClaim'),
    volumes: of('PersistentVolume'),
    services: of('Service'),
    events: of('Event').toSorted((a, b) => eventTime(b) - eventTime(a)),
    logs: Object.fromEntries(logs),
  };
}

export const logKey = (pod: Pod, container: string): string => `${pod.metadata.name}/${container}`;

/** The containers in the order in which they start. */
export function containersOf({ status }: Pod): ContainerStatus[] {
  return [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
}

/** A pod that takes requests; one that is on its way out takes no new ones. */
export const isServing = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false);

/** When an event was last seen, in milliseconds. */
export function eventTime({ series, lastTimestamp, eventTime, metadata }: ClusterEvent): number {
  return Date.parse(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp);
}

/** What was said about an object, the newest first. An older object of the same name is another one. */
export function eventsOf({ events }: Snapshot, kind: string, { name, uid }: Metadata): ClusterEvent[] {
  return events.filter(
    ({ involvedObject: about }) =>
      about.kind === kind && about.name === name && (uid === undefined || about.uid === undefined || about.uid === uid),
  );
}

/** It has run, and it is not well or was not a moment ago. */
function needsLog({ ready, state, lastState }: ContainerStatus, nowMs: number): boolean {
  const ended = state.terminated ?? lastState?.terminated;
  if (!ready) return state.running !== undefined || ended !== undefined;
  return ended !== undefined && ended.exitCode !== 0 && nowMs - Date.parse(ended.finishedAt ?? '') < recentMs;
}

/** What a container said at its end when it was started again since; else what it says now. */
async function tailOfContainer(kubectl: Kubectl, pod: string, status: ContainerStatus): Promise<string> {
  const startedAgain = status.state.running !== undefined && status.lastState?.terminated !== undefined;
  const read = async (...args: string[]): Promise<string> => {
    const argv = ['logs', pod, `--container=${status.name}`, `--tail=${logLines}`, ...args];
    try {
      return lastLines(await kubectl.run(argv, { timeoutMs: logTimeoutMs }), logLines);
    } catch (error) {
      // A container that never ran, or a node that is away: there is nothing to read.
      if (error instanceof CommandError) return '';
      throw error;
    }
  };
  const [first, second] = startedAgain ? [['--previous'], []] : [[], ['--previous']];
  return (await read(...first)) || (status.restartCount > 0 ? read(...second) : '');
}
