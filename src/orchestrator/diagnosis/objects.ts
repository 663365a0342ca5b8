/** The objects of Kubernetes, as far as their fields are read here (https://kubernetes.io/docs/reference/kubernetes-api/). Times are ISO 8601. */

export interface Metadata {
  name: string;
  uid?: string;
  creationTimestamp: string;
  /** When it should be gone: the time of its deletion plus its grace period. */
  deletionTimestamp?: string;
  labels?: Readonly<Record<string, string>>;
  finalizers?: readonly string[];
}

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export interface Node {
  kind: 'Node';
  metadata: Metadata;
  spec: { unschedulable?: boolean };
  status: {
    conditions: readonly Condition[];
    addresses?: readonly { type: string; address: string }[];
    nodeInfo: { kubeletVersion: string; architecture: string };
  };
}

export interface TerminatedState {
  exitCode: number;
  reason?: string;
  message?: string;
  finishedAt?: string;
}

export interface ContainerState {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt: string };
  terminated?: TerminatedState;
}

export interface ContainerStatus {
  name: string;
  image: string;
  ready: boolean;
  /** Whether its startup probe has succeeded. */
  started?: boolean;
  restartCount: number;
  state: ContainerState;
  lastState?: ContainerState;
}

export interface Pod {
  kind: 'Pod';
  metadata: Metadata;
  spec: {
    nodeName?: string;
    containers: readonly { name: string; image: string }[];
    volumes?: readonly { name: string; persistentVolumeClaim?: { claimName: string } }[];
  };
  status: {
    phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
    reason?: string;
    message?: string;
    conditions?: readonly Condition[];
    initContainerStatuses?: readonly ContainerStatus[];
    containerStatuses?: readonly ContainerStatus[];
  };
}

export interface Workload {
  kind: 'Deployment' | 'StatefulSet';
  metadata: Metadata;
  spec: { replicas?: number; podManagementPolicy?: 'OrderedReady' | 'Parallel' };
  status: {
    replicas?: number;
    readyReplicas?: number;
    conditions?: readonly Condition[];
    /** StatefulSet: the version that its pods shall have, as their label controller-revision-hash names it. */
    updateRevision?: string;
  };
}

export interface Autoscaler {
  kind: 'HorizontalPodAutoscaler';
  metadata: Metadata;
  spec: {
    scaleTargetRef: { kind: string; name: string };
    minReplicas?: number;
    maxReplicas: number;
    metrics?: readonly { resource?: { name: string; target: { averageUtilization?: number } } }[];
  };
  status: {
    currentReplicas?: number;
    desiredReplicas?: number;
    currentMetrics?: readonly { resource?: { name: string; current: { averageUtilization?: number } } }[] | null;
    conditions?: readonly Condition[];
  };
}

export interface Claim {
  kind: 'PersistentVolumeClaim';
  metadata: Metadata;
  spec: { volumeName?: string; storageClassName?: string };
  status: { phase: 'Pending' | 'Bound' | 'Lost'; capacity?: { storage?: string } };
}

export interface Volume {
  kind: 'PersistentVolume';
  metadata: Metadata;
  spec: {
    nodeAffinity?: {
      required?: {
        nodeSelectorTerms: readonly {
          matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
        }[];
      };
    };
  };
}

export interface Service {
  kind: 'Service';
  metadata: Metadata;
  spec: { ports?: readonly { port: number; nodePort?: number }[] };
}

export interface ClusterEvent {
  kind: 'Event';
  metadata: Metadata;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  count?: number;
  involvedObject: { kind: string; name: string; uid?: string };
  /** Which of these times there are depends on who wrote the event. */
  lastTimestamp?: string | null;
  eventTime?: string | null;
  series?: { lastObservedTime?: string };
}
