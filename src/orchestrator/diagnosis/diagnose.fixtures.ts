import type {
  Autoscaler,
  Claim,
  ClusterEvent,
  Condition,
  ContainerStatus,
  Node,
  Pod,
  Volume,
  Workload,
} from './objects.ts';
import type { Snapshot } from './snapshot.ts';

/** The moment of all tests; the objects are an hour older. */
export const now = Date.parse('2026-03-01T12:00:00Z');
export const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString();

const labels = (name: string) => ({ 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'microservices' });
const metadata = (name: string) => ({ name, uid: `uid-of-${name}`, creationTimestamp: ago(3600) });

export function node(
  name: string,
  change: { ready?: Partial<Condition>; cordoned?: boolean; also?: Condition[] } = {},
): Node {
  const ready: Condition = { type: 'Ready', status: 'True', reason: 'KubeletReady', lastTransitionTime: ago(3600) };
  return {
    kind: 'Node',
    metadata: metadata(name),
    spec: change.cordoned === true ? { unschedulable: true } : {},
    status: {
      conditions: [{ ...ready, ...change.ready }, ...(change.also ?? [])],
      addresses: [{ type: 'InternalIP', address: name === 'master' ? '192.168.56.10' : '192.168.56.11' }],
      nodeInfo: { kubeletVersion: 'v1.36.2+k3s1', architecture: 'amd64' },
    },
  };
}

/** As the kubelet's silence is recorded by the node controller. */
export const lostNode = (name: string): Node =>
  node(name, {
    ready: {
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastTransitionTime: ago(180),
    },
  });

const podName = (component: string): string =>
  /database|billing/.test(component) ? `${component}-0` : `${component}-6bb9d67b86-kbvx6`;

/** The log of a component's pod. */
export const logOf = (component: string, text: string): Pick<Snapshot, 'logs'> => ({
  logs: { [`${podName(component)}/${component}`]: text },
});

interface PodChange {
  name?: string;
  status?: Partial<ContainerStatus>;
  condition?: Condition;
  node?: string;
  claim?: string;
  phase?: Pod['status']['phase'];
  createdAgo?: number;
  revision?: string;
  deletionTimestamp?: string;
}

/** A pod that is well, but for the change. */
export function pod(component: string, change: PodChange = {}): Pod {
  const name = change.name ?? podName(component);
  const { condition, claim, status } = change;
  const ready = status?.ready ?? condition === undefined;
  const unscheduled = condition?.type === 'PodScheduled';
  const container: ContainerStatus = {
    name: component,
    image: `docker.io/me/${component}:0.1.0`,
    ready,
    started: true,
    restartCount: 0,
    state: { running: { startedAt: ago(3590) } },
    lastState: {},
    ...status,
  };
  return {
    kind: 'Pod',
    metadata: {
      ...metadata(name),
      ...(change.createdAgo !== undefined && { creationTimestamp: ago(change.createdAgo) }),
      ...(change.deletionTimestamp !== undefined && { deletionTimestamp: change.deletionTimestamp }),
      labels: {
        ...labels(component),
        ...(change.revision !== undefined && { 'controller-revision-hash': change.revision }),
      },
    },
    spec: {
      ...(unscheduled ? {} : { nodeName: change.node ?? 'master' }),
      containers: [{ name: component, image: container.image }],
      ...(claim !== undefined && { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim } }] }),
    },
    status: {
      phase: change.phase ?? (container.state.waiting === undefined && !unscheduled ? 'Running' : 'Pending'),
      conditions: [
        { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: ago(300) },
        ...(condition === undefined ? [] : [condition]),
      ],
      ...(unscheduled ? {} : { containerStatuses: [container] }),
    },
  };
}

/** A container that waits for this reason. */
export const waiting = (reason: string, message?: string): Partial<ContainerStatus> => ({
  ready: false,
  started: false,
  state: { waiting: { reason, ...(message !== undefined && { message }) } },
});

/** A container whose image does not come, in the words of Kubernetes 1.36. */
export const pulling = (image: string, words: string): Partial<ContainerStatus> =>
  waiting(
    'ImagePullBackOff',
    `Back-off pulling image "${image}": ErrImagePull: failed to pull and unpack image: ${words}`,
  );

/** A container in a crash loop. */
export const crashed = (exitCode: number, restartCount = 4, reason = 'Error'): Partial<ContainerStatus> => ({
  ready: false,
  started: false,
  restartCount,
  state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 1m20s restarting failed container' } },
  lastState: { terminated: { exitCode, reason, finishedAt: ago(40) } },
});

export const unschedulable = (reasons: string): Condition => ({
  type: 'PodScheduled',
  status: 'False',
  reason: 'Unschedulable',
  message: `0/2 nodes are available: ${reasons}. no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.`,
});

export function workload(
  name: string,
  change: Partial<Workload['spec']> & { status?: Workload['status'] } = {},
): Workload {
  const { status, ...spec } = change;
  return {
    kind: /database|billing/.test(name) ? 'StatefulSet' : 'Deployment',
    metadata: metadata(name),
    spec: { replicas: 1, ...(name === 'billing-app' && { podManagementPolicy: 'Parallel' }), ...spec },
    status: status ?? { replicas: 1, readyReplicas: 1 },
  };
}

export function autoscaler(name: string, ...conditions: Condition[]): Autoscaler {
  const resource = 'cpu';
  return {
    kind: 'HorizontalPodAutoscaler',
    metadata: metadata(name),
    spec: {
      scaleTargetRef: { kind: 'Deployment', name },
      minReplicas: 1,
      maxReplicas: 3,
      metrics: [{ resource: { name: resource, target: { averageUtilization: 60 } } }],
    },
    status: {
      currentReplicas: 3,
      desiredReplicas: 3,
      currentMetrics: [{ resource: { name: resource, current: { averageUtilization: 8 } } }],
      conditions,
    },
  };
}

export const claim = (
  name: string,
  change: Partial<Claim['spec']> & { phase?: Claim['status']['phase'] } = {},
): Claim => {
  const { phase = 'Bound', ...spec } = change;
  return {
    kind: 'PersistentVolumeClaim',
    metadata: metadata(name),
    spec: { ...(phase === 'Bound' && { volumeName: `pv-${name}` }), storageClassName: 'local-path', ...spec },
    status: { phase, ...(phase === 'Bound' && { capacity: { storage: '2Gi' } }) },
  };
};

export const volume = (claimName: string, nodeName: string): Volume => ({
  kind: 'PersistentVolume',
  metadata: metadata(`pv-${claimName}`),
  spec: {
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName] }] },
        ],
      },
    },
  },
});

export function event(
  about: string,
  reason: string,
  message: string,
  type: ClusterEvent['type'] = 'Warning',
): ClusterEvent {
  const [kind = '', name = ''] = about.split('/');
  return {
    kind: 'Event',
    metadata: metadata(`${name}.${reason}`),
    type,
    reason,
    message,
    involvedObject: { kind, name, uid: `uid-of-${name}` },
    lastTimestamp: ago(20),
  };
}

const components = [
  'api-gateway',
  'inventory-app',
  'billing-app',
  'rabbitmq',
  'inventory-database',
  'billing-database',
];

/** The whole system, well, but for the change; pods and workloads in it take the place of those of the same component. */
export function snapshot(change: Partial<Snapshot> = {}): Snapshot {
  const changed = (change.pods ?? []).map(({ metadata }) => metadata.labels?.['app.kubernetes.io/name']);
  const workloads = (change.workloads ?? []).map(({ metadata }) => metadata.name);
  return {
    nodes: [node('agent'), node('master')],
    autoscalers: [],
    claims: [],
    volumes: [],
    events: [],
    logs: {},
    services: [
      { kind: 'Service', metadata: metadata('api-gateway'), spec: { ports: [{ port: 3000, nodePort: 30_000 }] } },
    ],
    ...change,
    pods: [...components.filter((name) => !changed.includes(name)).map((name) => pod(name)), ...(change.pods ?? [])],
    workloads: [
      ...components.filter((name) => !workloads.includes(name)).map((name) => workload(name)),
      ...(change.workloads ?? []),
    ],
  };
}
