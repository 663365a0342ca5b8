/**
 * What the type table does not say: the values of the string fields that have only a few. By type and field, for a list
 * those of its items; from the field descriptions of https://kubernetes.io/docs/reference/kubernetes-api/.
 */
const protocol = ['TCP', 'UDP', 'SCTP'];
const pull = ['Always', 'IfNotPresent', 'Never'];
const termination = ['File', 'FallbackToLogsOnError'];
const profile = ['RuntimeDefault', 'Localhost', 'Unconfined'];
const restart = ['Always', 'OnFailure', 'Never'];
const access = ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'];
const volumeMode = ['Filesystem', 'Block'];
const keep = ['Retain', 'Delete'];
const traffic = ['Cluster', 'Local'];
const honor = ['Honor', 'Ignore'];
const operator = ['In', 'NotIn', 'Exists', 'DoesNotExist'];
const preemption = ['PreemptLowerPriority', 'Never'];
const quotaScopes = [
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'PriorityClass',
  'CrossNamespacePodAffinity',
  'VolumeAttributesClass',
];

export const enums: Readonly<Record<string, readonly string[]>> = {
  'RbacV1Subject.kind': ['ServiceAccount', 'User', 'Group'],
  'V1AppArmorProfile.type': profile,
  'V1Container.imagePullPolicy': pull,
  'V1Container.restartPolicy': restart,
  'V1Container.terminationMessagePolicy': termination,
  'V1ContainerPort.protocol': protocol,
  'V1ContainerResizePolicy.restartPolicy': ['NotRequired', 'RestartContainer'],
  'V1ContainerRestartRule.action': ['Restart', 'RestartAllContainers'],
  'V1ContainerRestartRuleOnExitCodes.operator': ['In', 'NotIn'],
  'V1CronJobSpec.concurrencyPolicy': ['Allow', 'Forbid', 'Replace'],
  'V1DaemonSetUpdateStrategy.type': ['RollingUpdate', 'OnDelete'],
  'V1DeploymentStrategy.type': ['RollingUpdate', 'Recreate'],
  'V1EmptyDirVolumeSource.medium': ['', 'Memory', 'HugePages', 'HugePages-2Mi', 'HugePages-1Gi'],
  'V1EphemeralContainer.imagePullPolicy': pull,
  'V1EphemeralContainer.restartPolicy': restart,
  'V1EphemeralContainer.terminationMessagePolicy': termination,
  'V1HTTPGetAction.scheme': ['HTTP', 'HTTPS'],
  'V1HostPathVolumeSource.type': [
    '',
    'DirectoryOrCreate',
    'Directory',
    'FileOrCreate',
    'File',
    'Socket',
    'CharDevice',
    'BlockDevice',
  ],
  'V1ImageVolumeSource.pullPolicy': pull,
  'V1JobSpec.completionMode': ['NonIndexed', 'Indexed'],
  'V1JobSpec.podReplacementPolicy': ['TerminatingOrFailed', 'Failed'],
  'V1LabelSelectorRequirement.operator': operator,
  'V1LimitRangeItem.type': ['Container', 'Pod', 'PersistentVolumeClaim'],
  'V1NetworkPolicyPort.protocol': protocol,
  'V1NetworkPolicySpec.policyTypes': ['Ingress', 'Egress'],
  'V1NodeSelectorRequirement.operator': [...operator, 'Gt', 'Lt'],
  'V1PersistentVolumeClaimSpec.accessModes': access,
  'V1PersistentVolumeClaimSpec.volumeMode': volumeMode,
  'V1PersistentVolumeSpec.accessModes': access,
  'V1PersistentVolumeSpec.persistentVolumeReclaimPolicy': [...keep, 'Recycle'],
  'V1PersistentVolumeSpec.volumeMode': volumeMode,
  'V1PodDisruptionBudgetSpec.unhealthyPodEvictionPolicy': ['IfHealthyBudget', 'AlwaysAllow'],
  'V1PodFailurePolicyOnExitCodesRequirement.operator': ['In', 'NotIn'],
  'V1PodFailurePolicyRule.action': ['FailJob', 'FailIndex', 'Ignore', 'Count'],
  'V1PodOS.name': ['linux', 'windows'],
  'V1PodSecurityContext.fsGroupChangePolicy': ['OnRootMismatch', 'Always'],
  'V1PodSecurityContext.seLinuxChangePolicy': ['MountOption', 'Recursive'],
  'V1PodSecurityContext.supplementalGroupsPolicy': ['Merge', 'Strict'],
  'V1PodSpec.dnsPolicy': ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'],
  'V1PodSpec.preemptionPolicy': preemption,
  'V1PodSpec.restartPolicy': restart,
  'V1PriorityClass.preemptionPolicy': preemption,
  'V1ResourceQuotaSpec.scopes': quotaScopes,
  'V1RoleRef.kind': ['Role', 'ClusterRole'],
  'V1ScopedResourceSelectorRequirement.operator': operator,
  'V1ScopedResourceSelectorRequirement.scopeName': quotaScopes,
  'V1SeccompProfile.type': profile,
  'V1SecurityContext.procMount': ['Default', 'Unmasked'],
  'V1ServicePort.protocol': protocol,
  'V1ServiceSpec.externalTrafficPolicy': traffic,
  'V1ServiceSpec.internalTrafficPolicy': traffic,
  'V1ServiceSpec.ipFamilies': ['IPv4', 'IPv6'],
  'V1ServiceSpec.ipFamilyPolicy': ['SingleStack', 'PreferDualStack', 'RequireDualStack'],
  'V1ServiceSpec.sessionAffinity': ['None', 'ClientIP'],
  'V1ServiceSpec.trafficDistribution': ['PreferClose', 'PreferSameZone', 'PreferSameNode'],
  'V1ServiceSpec.type': ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'],
  'V1StatefulSetPersistentVolumeClaimRetentionPolicy.whenDeleted': keep,
  'V1StatefulSetPersistentVolumeClaimRetentionPolicy.whenScaled': keep,
  'V1StatefulSetSpec.podManagementPolicy': ['OrderedReady', 'Parallel'],
  'V1StatefulSetUpdateStrategy.type': ['RollingUpdate', 'OnDelete'],
  'V1StorageClass.reclaimPolicy': keep,
  'V1StorageClass.volumeBindingMode': ['Immediate', 'WaitForFirstConsumer'],
  'V1Toleration.effect': ['NoSchedule', 'PreferNoSchedule', 'NoExecute'],
  'V1Toleration.operator': ['Equal', 'Exists', 'Lt', 'Gt'],
  'V1TopologySpreadConstraint.nodeAffinityPolicy': honor,
  'V1TopologySpreadConstraint.nodeTaintsPolicy': honor,
  'V1TopologySpreadConstraint.whenUnsatisfiable': ['DoNotSchedule', 'ScheduleAnyway'],
  'V1VolumeMount.mountPropagation': ['None', 'HostToContainer', 'Bidirectional'],
  'V1VolumeMount.recursiveReadOnly': ['Disabled', 'IfPossible', 'Enabled'],
  'V2HPAScalingPolicy.type': ['Pods', 'Percent'],
  'V2HPAScalingRules.selectPolicy': ['Max', 'Min', 'Disabled'],
  'V2MetricSpec.type': ['Resource', 'ContainerResource', 'Pods', 'Object', 'External'],
  'V2MetricTarget.type': ['Utilization', 'AverageValue', 'Value'],
};
