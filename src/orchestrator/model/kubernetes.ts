/** The objects of the manifests, as far as the rules look at them. That they have this shape is the schema's affair. */

export type Labels = Record<string, string>;

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Labels; annotations?: Labels };
}

export interface ConfigMap extends KubernetesObject {
  data?: Record<string, string>;
}

export interface Secret extends KubernetesObject {
  stringData?: Record<string, string>;
  /** base64 */
  data?: Record<string, string>;
}

export interface Service extends KubernetesObject {
  spec: { type?: string; clusterIP?: string; externalIPs?: string[]; selector?: Labels; ports?: ServicePort[] };
}

interface ServicePort {
  name?: string;
  port: number;
  targetPort?: number | string;
  nodePort?: number;
  protocol?: string;
}

export interface Claim extends KubernetesObject {
  spec: { accessModes?: string[]; storageClassName?: string; resources?: Resources };
}

interface Resources {
  requests?: Record<string, number | string>;
  limits?: Record<string, number | string>;
}

/** A Deployment or a StatefulSet (or what else makes pods from a template). */
export interface Workload extends KubernetesObject {
  spec: {
    replicas?: number;
    /** Of a Deployment: changes make no pods. */
    paused?: boolean;
    /** A Job makes its own. */
    selector?: LabelSelector;
    serviceName?: string;
    strategy?: { type?: string; rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string } };
    template: { metadata: { labels?: Labels; annotations?: Labels }; spec: PodSpec };
    volumeClaimTemplates?: Claim[];
    persistentVolumeClaimRetentionPolicy?: { whenDeleted?: string; whenScaled?: string };
  };
}

export interface LabelSelector {
  matchLabels?: Labels;
  matchExpressions?: Array<{ key: string; operator: string; values?: string[] }>;
}

export interface PodSpec {
  automountServiceAccountToken?: boolean;
  containers: Container[];
  enableServiceLinks?: boolean;
  ephemeralContainers?: Container[];
  hostIPC?: boolean;
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostname?: string;
  initContainers?: Container[];
  os?: { name: string };
  securityContext?: SecurityContext & { sysctls?: Array<{ name: string; value: string }> };
  serviceAccountName?: string;
  terminationGracePeriodSeconds?: number;
  topologySpreadConstraints?: Array<{ labelSelector?: LabelSelector }>;
  volumes?: Volume[];
}

export interface Volume {
  name: string;
  configMap?: { name?: string; optional?: boolean; items?: KeyToPath[] };
  emptyDir?: { medium?: string; sizeLimit?: string };
  hostPath?: unknown;
  persistentVolumeClaim?: { claimName: string };
  projected?: { sources?: Array<{ configMap?: ProjectedSource; secret?: ProjectedSource }> };
  secret?: { secretName?: string; optional?: boolean; items?: KeyToPath[]; defaultMode?: number };
}

interface ProjectedSource {
  name?: string;
  items?: KeyToPath[];
}

export interface KeyToPath {
  key: string;
  path: string;
}

/** Of a container; a pod's has some of these fields. */
export interface SecurityContext {
  allowPrivilegeEscalation?: boolean;
  appArmorProfile?: { type: string };
  capabilities?: { add?: string[]; drop?: string[] };
  fsGroup?: number;
  privileged?: boolean;
  procMount?: string;
  readOnlyRootFilesystem?: boolean;
  runAsGroup?: number;
  runAsNonRoot?: boolean;
  runAsUser?: number;
  seLinuxOptions?: { type?: string; user?: string; role?: string };
  seccompProfile?: { type: string };
  windowsOptions?: { hostProcess?: boolean };
}

export interface Container {
  name: string;
  image: string;
  args?: string[];
  command?: string[];
  env?: Variable[];
  envFrom?: Array<{ configMapRef?: { name?: string }; secretRef?: { name?: string } }>;
  lifecycle?: { postStart?: Handler; preStop?: Handler };
  livenessProbe?: Probe;
  ports?: Array<{ name?: string; containerPort: number; hostPort?: number; protocol?: string }>;
  readinessProbe?: Probe;
  resources?: Resources;
  securityContext?: SecurityContext;
  startupProbe?: Probe;
  volumeMounts?: Array<{ name: string; mountPath: string; subPath?: string; readOnly?: boolean }>;
}

export interface Variable {
  name: string;
  value?: string;
  valueFrom?: {
    configMapKeyRef?: { name?: string; key: string };
    secretKeyRef?: { name?: string; key: string };
    fieldRef?: { fieldPath: string };
  };
}

export interface Handler {
  exec?: { command?: string[] };
  httpGet?: { host?: string; path?: string; port: number | string };
  sleep?: { seconds: number };
  tcpSocket?: { host?: string; port: number | string };
}

export interface Probe extends Handler {
  failureThreshold?: number;
  initialDelaySeconds?: number;
  periodSeconds?: number;
  timeoutSeconds?: number;
}

export interface Autoscaler extends KubernetesObject {
  spec: {
    scaleTargetRef: { apiVersion?: string; kind: string; name: string };
    minReplicas?: number;
    maxReplicas: number;
    metrics?: Array<{
      type: string;
      resource?: { name: string; target: { type: string; averageUtilization?: number } };
    }>;
  };
}

export interface DisruptionBudget extends KubernetesObject {
  spec: {
    selector?: LabelSelector;
    maxUnavailable?: number | string;
    minAvailable?: number | string;
    unhealthyPodEvictionPolicy?: string;
  };
}

export interface NetworkPolicy extends KubernetesObject {
  spec: {
    podSelector?: LabelSelector;
    policyTypes?: string[];
    ingress?: Array<{ from?: NetworkPeer[]; ports?: NetworkPort[] }>;
    egress?: Array<{ to?: NetworkPeer[]; ports?: NetworkPort[] }>;
  };
}

export interface NetworkPeer {
  podSelector?: LabelSelector;
  namespaceSelector?: LabelSelector;
  ipBlock?: { cidr: string; except?: string[] };
}

export interface NetworkPort {
  port?: number | string;
  endPort?: number;
  protocol?: string;
}
