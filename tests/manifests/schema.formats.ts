/**
 * What the type table does not say either: how the text of some fields must look and how large some numbers may be. From
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and the validation of the API server.
 */
type Format = keyof typeof checks;

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const labelKey =
  /^((?=[^/]{1,253}\/)[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?(?=[^/]{1,63}$)[A-Za-z0-9]([-\w.]*[A-Za-z0-9])?$/;
const labelValue = /^(?=.{0,63}$)([A-Za-z0-9]([-\w.]*[A-Za-z0-9])?)?$/;
const portName = /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/;
const image =
  /^([a-z0-9.-]+(:\d+)?\/)?[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/;

type Test = (value: number | string, key: string) => boolean;

const within =
  (least: number, most: number): Test =>
  (value) =>
    typeof value === 'number' && value >= least && value <= most;
const matches =
  (pattern: RegExp): Test =>
  (value) =>
    pattern.test(String(value));

/** What is good, and what is said of the rest: `must be …`. */
const checks = {
  dnsLabel: [matches(dnsLabel), 'a DNS label: a-z, 0-9 and "-", at most 63'],
  subdomain: [matches(subdomain), 'a DNS name: a-z, 0-9, "-" and "."'],
  label: [
    (value, key) => labelKey.test(key) && labelValue.test(String(value)),
    'a label: letters, digits, "-", "_" and ".", at most 63; in front of its name a domain and "/" may stand',
  ],
  portName: [matches(portName), 'a port name: a-z, 0-9 and "-", at most 15, with a letter'],
  variableName: [matches(/^[-._a-zA-Z][-._a-zA-Z0-9]*$/), 'a variable name'],
  fileKey: [(_, key) => /^(?!\.{1,2}$)[-._a-zA-Z0-9]{1,253}$/.test(key), 'under a key that can be a file name'],
  quantity: [matches(/^\d+(\.\d+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|e\d+)?$/), 'a quantity such as 100m, 2 or 256Mi'],
  portNumber: [within(1, 65_535), 'a port from 1 to 65535'],
  port: [
    (value) => (typeof value === 'number' ? value >= 1 && value <= 65_535 : portName.test(value)),
    'a port from 1 to 65535, or the name of one',
  ],
  nodePort: [within(30_000, 32_767), 'a node port from 30000 to 32767'],
  share: [
    (value) => (typeof value === 'number' ? value >= 0 : /^(\d|[1-9]\d|100)%$/.test(value)),
    'a number of pods or a percentage such as 25%',
  ],
  positive: [within(1, Number.MAX_SAFE_INTEGER), 'at least 1'],
  notNegative: [within(0, Number.MAX_SAFE_INTEGER), 'at least 0'],
  userId: [within(0, 2 ** 31 - 1), 'from 0 to 2147483647'],
  fileMode: [within(0, 0o777), 'a file mode from 0 to 0777'],
  mountPath: [matches(/^\/[^:]*$/), 'an absolute path without ":"'],
  relativePath: [matches(/^(?!\/)(?!(.*\/)?\.\.(\/|$)).+$/), 'a relative path without ".."'],
  urlPath: [matches(/^\/\S*$/), 'a path that begins with "/"'],
  image: [matches(image), 'an image name'],
  cidr: [matches(/^(\d{1,3}(\.\d{1,3}){3}\/\d{1,2}|[0-9a-f:]+\/\d{1,3})$/), 'an address range such as 10.0.0.0/8'],
  capability: [matches(/^(ALL|[A-Z]+(_[A-Z]+)*)$/), 'a capability such as NET_BIND_SERVICE'],
} satisfies Record<string, [good: Test, must: string]>;

/** What is wrong with a value, which stands under this key or index; undefined when nothing is. */
export function faultOf(format: Format, value: number | string, key: number | string): string | undefined {
  const [good, must]: [Test, string] = checks[format];
  if (good(value, String(key))) return undefined;
  return `must be ${must}, not "${value}"`;
}

const probe = (type: string): Record<string, Format> => ({
  [`${type}.periodSeconds`]: 'positive',
  [`${type}.timeoutSeconds`]: 'positive',
  [`${type}.failureThreshold`]: 'positive',
  [`${type}.successThreshold`]: 'positive',
  [`${type}.initialDelaySeconds`]: 'notNegative',
});

/** By type and field; for a list or a map that of each item. */
export const formats: Readonly<Record<string, Format>> = {
  'V1Capabilities.add': 'capability',
  'V1Capabilities.drop': 'capability',
  'V1ConfigMap.data': 'fileKey',
  'V1ConfigMapVolumeSource.defaultMode': 'fileMode',
  'V1Container.image': 'image',
  'V1Container.name': 'dnsLabel',
  'V1ContainerPort.containerPort': 'portNumber',
  'V1ContainerPort.hostPort': 'portNumber',
  'V1ContainerPort.name': 'portName',
  'V1DeploymentSpec.minReadySeconds': 'notNegative',
  'V1DeploymentSpec.progressDeadlineSeconds': 'positive',
  'V1DeploymentSpec.replicas': 'notNegative',
  'V1DeploymentSpec.revisionHistoryLimit': 'notNegative',
  'V1EmptyDirVolumeSource.sizeLimit': 'quantity',
  'V1EnvVar.name': 'variableName',
  'V1GRPCAction.port': 'portNumber',
  'V1HTTPGetAction.path': 'urlPath',
  'V1HTTPGetAction.port': 'port',
  'V1IPBlock.cidr': 'cidr',
  'V1IPBlock.except': 'cidr',
  'V1KeyToPath.mode': 'fileMode',
  'V1KeyToPath.path': 'relativePath',
  'V1LabelSelector.matchLabels': 'label',
  'V1NetworkPolicyPort.endPort': 'portNumber',
  'V1NetworkPolicyPort.port': 'port',
  'V1ObjectMeta.labels': 'label',
  'V1ObjectMeta.name': 'subdomain',
  'V1ObjectMeta.namespace': 'dnsLabel',
  'V1PersistentVolumeSpec.capacity': 'quantity',
  'V1PodDisruptionBudgetSpec.maxUnavailable': 'share',
  'V1PodDisruptionBudgetSpec.minAvailable': 'share',
  'V1PodSecurityContext.fsGroup': 'userId',
  'V1PodSecurityContext.runAsGroup': 'userId',
  'V1PodSecurityContext.runAsUser': 'userId',
  'V1PodSpec.hostname': 'dnsLabel',
  'V1PodSpec.nodeSelector': 'label',
  'V1PodSpec.serviceAccountName': 'subdomain',
  'V1PodSpec.terminationGracePeriodSeconds': 'notNegative',
  ...probe('V1Probe'),
  'V1ResourceQuotaSpec.hard': 'quantity',
  'V1ResourceRequirements.limits': 'quantity',
  'V1ResourceRequirements.requests': 'quantity',
  'V1RollingUpdateDeployment.maxSurge': 'share',
  'V1RollingUpdateDeployment.maxUnavailable': 'share',
  'V1Secret.stringData': 'fileKey',
  'V1SecretVolumeSource.defaultMode': 'fileMode',
  'V1SecurityContext.runAsGroup': 'userId',
  'V1SecurityContext.runAsUser': 'userId',
  'V1ServicePort.name': 'dnsLabel',
  'V1ServicePort.nodePort': 'nodePort',
  'V1ServicePort.port': 'portNumber',
  'V1ServicePort.targetPort': 'port',
  'V1ServiceSpec.selector': 'label',
  'V1SleepAction.seconds': 'positive',
  'V1StatefulSetSpec.minReadySeconds': 'notNegative',
  'V1StatefulSetSpec.replicas': 'notNegative',
  'V1StatefulSetSpec.revisionHistoryLimit': 'notNegative',
  'V1StatefulSetSpec.serviceName': 'dnsLabel',
  'V1TCPSocketAction.port': 'port',
  'V1Toleration.tolerationSeconds': 'notNegative',
  'V1TopologySpreadConstraint.maxSkew': 'positive',
  'V1Volume.name': 'dnsLabel',
  'V1VolumeMount.mountPath': 'mountPath',
  'V1VolumeMount.subPath': 'relativePath',
  'V1VolumeResourceRequirements.limits': 'quantity',
  'V1VolumeResourceRequirements.requests': 'quantity',
  'V2HPAScalingPolicy.periodSeconds': 'positive',
  'V2HPAScalingPolicy.value': 'positive',
  'V2HPAScalingRules.stabilizationWindowSeconds': 'notNegative',
  'V2HorizontalPodAutoscalerSpec.maxReplicas': 'positive',
  'V2HorizontalPodAutoscalerSpec.minReplicas': 'positive',
  'V2MetricTarget.averageUtilization': 'positive',
  'V2MetricTarget.averageValue': 'quantity',
  'V2MetricTarget.value': 'quantity',
};
