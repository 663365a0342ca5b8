import type { Kubectl } from '../../cluster/kubectl.ts';
import { nameOf } from '../../cluster/objects.ts';
import type { Condition } from '../../diagnosis/objects.ts';
import type {
  Autoscaler,
  Claim,
  Container,
  KubernetesObject,
  Labels,
  PodSpec,
  Service,
  Workload,
} from '../../model/kubernetes.ts';
import { components } from '../../model/picture.ts';
import { Broken } from '../promise.ts';

/** What the API server told, of the kinds that were asked for. */
export type Objects = readonly KubernetesObject[];

export interface LiveNode extends KubernetesObject {
  spec: { unschedulable?: boolean };
  status: {
    conditions: readonly Condition[];
    addresses?: readonly { type: string; address: string }[];
    nodeInfo: { kubeletVersion: string };
  };
}

export interface LivePod extends KubernetesObject {
  metadata: KubernetesObject['metadata'] & { uid: string; deletionTimestamp?: string };
  spec: PodSpec & { nodeName?: string };
  status: {
    phase: string;
    podIP?: string;
    conditions?: readonly Condition[];
    initContainerStatuses?: readonly { name: string; restartCount: number }[];
    containerStatuses?: readonly { name: string; restartCount: number }[];
  };
}

export interface LiveClaim extends Claim {
  spec: Claim['spec'] & { volumeName?: string };
  status?: { phase: string; capacity?: Labels };
}

export interface LiveAutoscaler extends Autoscaler {
  status?: {
    conditions?: readonly Condition[];
    currentReplicas?: number;
    currentMetrics?: ReadonlyArray<{ resource?: { name: string; current: { averageUtilization?: number } } }> | null;
  };
}

/** The addresses behind a Service, as kube-proxy has them. */
export interface EndpointSlice extends KubernetesObject {
  endpoints?: ReadonlyArray<{ conditions?: { ready?: boolean } }> | null;
}

interface Kinds {
  Node: LiveNode;
  Namespace: KubernetesObject;
  Pod: LivePod;
  Deployment: Workload;
  StatefulSet: Workload;
  Service: Service;
  EndpointSlice: EndpointSlice;
  HorizontalPodAutoscaler: LiveAutoscaler;
  PersistentVolumeClaim: LiveClaim;
}

export function ofKind<K extends keyof Kinds>(objects: Objects, kind: K): Kinds[K][] {
  return objects.filter((object): object is Kinds[K] => object.kind === kind);
}

/** Deployments and StatefulSets, as far as they are parts of the system. */
export function partsOf(objects: Objects): Workload[] {
  return [...ofKind(objects, 'Deployment'), ...ofKind(objects, 'StatefulSet')].filter(
    ({ metadata: { name } }) => name in components,
  );
}

/** The containers of a part, each with how people call it: `statefulset/billing-app`, container `billing-app`. */
export function containersOf(part: Workload): Array<{ container: Container; title: string }> {
  const { containers, initContainers = [] } = part.spec.template.spec;
  return [...initContainers, ...containers].map((container) => ({
    container,
    title: `${nameOf(part)}, container ${container.name}`,
  }));
}

/** Pods that are not on their way out. */
export const staying = (pods: readonly LivePod[]): LivePod[] =>
  pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);

export const isReady = ({ status }: LivePod | LiveNode): boolean =>
  status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;

/** Which part of the system a pod belongs to. */
export const partName = ({ metadata }: KubernetesObject): string => metadata.labels?.['app.kubernetes.io/name'] ?? '';

/** A ready pod of a part. @throws Broken when it has none */
export async function readyPod(kubectl: Kubectl, name: string): Promise<LivePod> {
  const pods = staying(await kubectl.list<LivePod>('pods', `--selector=app.kubernetes.io/name=${name}`));
  const pod = pods.find(isReady);
  if (pod === undefined) throw new Broken(`${name} has no ready pod to look into`, './orchestrator.sh status');
  return pod;
}
