import { containersIn } from './containers.ts';
import type { Handler, Labels, PodSpec, SecurityContext } from './kubernetes.ts';
import type { Path } from './path.ts';

/** A pod, or what pods are made from. */
export interface SecuredPod {
  metadata?: { annotations?: Labels };
  spec: PodSpec;
}

/** What breaks a check, and where in the pod: `spec.containers[0].securityContext.privileged`. */
type Fault = [path: Path, message: string];

const baselineCapabilities = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);

const safeSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);

const seLinuxTypes = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']);

const restrictedVolumes = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

/** The security context of the pod and of each of its containers: most checks look at all of them. */
function contexts(pod: SecuredPod): Array<{ context: SecurityContext; path: Path }> {
  const own = { context: pod.spec.securityContext ?? {}, path: ['spec', 'securityContext'] };
  return [own, ...containerContexts(pod)];
}

function containerContexts(pod: SecuredPod): Array<{ context: SecurityContext; path: Path }> {
  return containersIn(pod.spec).map(({ container, path }) => ({
    context: container.securityContext ?? {},
    path: [...path, 'securityContext'],
  }));
}

/** What a container has, or else its pod. */
function effective<K extends 'runAsNonRoot' | 'seccompProfile'>(
  pod: SecuredPod,
  field: K,
): Array<[SecurityContext[K] | undefined, Path]> {
  const inherited: SecurityContext | undefined = pod.spec.securityContext;
  return containerContexts(pod).map(({ context, path }) => [context[field] ?? inherited?.[field], [...path, field]]);
}

/** Any context may leave the field out; one that names it must name it well. */
function each<K extends keyof SecurityContext>(
  pod: SecuredPod,
  field: K,
  isGood: (value: NonNullable<SecurityContext[K]>) => boolean,
  message: string,
): Fault[] {
  return contexts(pod).flatMap(({ context, path }): Fault[] => {
    const value = context[field];
    return value === undefined || isGood(value) ? [] : [[[...path, field], message]];
  });
}

function hostFlag(pod: SecuredPod, flag: 'hostNetwork' | 'hostPID' | 'hostIPC'): Fault[] {
  return pod.spec[flag] === true ? [[['spec', flag], 'must not be true']] : [];
}

/**
 * The Pod Security Standard "restricted", which has "baseline" within it, for Linux pods. Each check has the name that
 * Kubernetes has for it (https://kubernetes.io/docs/concepts/security/pod-security-standards/, as of 1.36).
 */
export const podSecurityChecks: Readonly<Record<string, (pod: SecuredPod) => Fault[]>> = {
  // baseline
  hostNamespaces: (pod) => (['hostNetwork', 'hostPID', 'hostIPC'] as const).flatMap((flag) => hostFlag(pod, flag)),
  privileged: (pod) => each(pod, 'privileged', (value) => !value, 'must not be true'),
  capabilities_baseline: (pod) =>
    each(
      pod,
      'capabilities',
      ({ add = [] }) => add.every((name) => baselineCapabilities.has(name)),
      'adds a capability that baseline forbids',
    ),
  hostPathVolumes: (pod) => volumesOf(pod, (source) => source === 'hostPath'),
  hostPorts: (pod) =>
    containersIn(pod.spec).flatMap(({ container, path }) =>
      (container.ports ?? []).flatMap(({ hostPort = 0 }, index): Fault[] =>
        hostPort === 0 ? [] : [[[...path, 'ports', index, 'hostPort'], 'must not be set']],
      ),
    ),
  hostProbesAndHostLifecycle: (pod) =>
    containersIn(pod.spec).flatMap(({ container, path }) => hostsOf(container, path)),
  appArmorProfile: (pod) => [
    ...each(pod, 'appArmorProfile', ({ type }) => type !== 'Unconfined', 'must not be Unconfined'),
    ...appArmorAnnotations(pod),
  ],
  seLinuxOptions: (pod) =>
    each(
      pod,
      'seLinuxOptions',
      ({ type = '', user = '', role = '' }) => seLinuxTypes.has(type) && user === '' && role === '',
      'must name a type for containers, and neither user nor role',
    ),
  procMount: (pod) => each(pod, 'procMount', (value) => value === 'Default', 'must be Default'),
  seccompProfile_baseline: (pod) =>
    each(pod, 'seccompProfile', ({ type }) => type !== 'Unconfined', 'must not be Unconfined'),
  sysctls: (pod) =>
    (pod.spec.securityContext?.sysctls ?? []).flatMap(({ name }, index): Fault[] =>
      safeSysctls.has(name) ? [] : [[['spec', 'securityContext', 'sysctls', index], `${name} is not safe`]],
    ),
  windowsHostProcess: (pod) =>
    each(pod, 'windowsOptions', ({ hostProcess }) => hostProcess !== true, 'must not be a host process'),
  // restricted
  restrictedVolumes: (pod) => volumesOf(pod, (source) => !restrictedVolumes.has(source)),
  allowPrivilegeEscalation: (pod) =>
    containerContexts(pod).flatMap(({ context, path }): Fault[] =>
      context.allowPrivilegeEscalation === false ? [] : [[[...path, 'allowPrivilegeEscalation'], 'must be false']],
    ),
  runAsNonRoot: (pod) =>
    effective(pod, 'runAsNonRoot').flatMap(([value, path]): Fault[] =>
      value === true ? [] : [[path, 'must be true, here or in the pod']],
    ),
  runAsUser: (pod) => each(pod, 'runAsUser', (value) => value !== 0, 'must not be root'),
  seccompProfile_restricted: (pod) =>
    effective(pod, 'seccompProfile').flatMap(([value, path]): Fault[] =>
      ['RuntimeDefault', 'Localhost'].includes(value?.type ?? '')
        ? []
        : [[path, 'must be RuntimeDefault or Localhost, here or in the pod']],
    ),
  capabilities_restricted: (pod) =>
    containerContexts(pod).flatMap(({ context: { capabilities }, path }): Fault[] => [
      ...(capabilities?.drop?.includes('ALL') ? [] : [fault(path, 'must drop ALL')]),
      ...(capabilities?.add?.some((name) => name !== 'NET_BIND_SERVICE')
        ? [fault(path, 'may add NET_BIND_SERVICE only')]
        : []),
    ]),
};

const fault = (path: Path, message: string): Fault => [[...path, 'capabilities'], message];

function volumesOf(pod: SecuredPod, isForbidden: (source: string) => boolean): Fault[] {
  const volumes: NonNullable<PodSpec['volumes']> = pod.spec.volumes ?? [];
  return volumes.flatMap((volume, index) =>
    Object.keys(volume)
      .filter((field) => field !== 'name' && isForbidden(field))
      .map((source): Fault => [['spec', 'volumes', index, source], 'is no volume that a restricted pod may have']),
  );
}

/** How AppArmor was set before 1.30; it still works. */
function appArmorAnnotations({ metadata }: SecuredPod): Fault[] {
  const path = ['metadata', 'annotations'];
  return Object.entries(metadata?.annotations ?? {})
    .filter(([key]) => key.startsWith('container.apparmor.security.beta.kubernetes.io/'))
    .filter(([, value]) => !/^(|runtime\/default|localhost\/.*)$/.test(value))
    .map(([key]): Fault => [[...path, key], 'must not be unconfined']);
}

/** A kubelet that asks another host could be used to reach what the pod itself may not (forbidden since 1.34). */
function hostsOf(container: ReturnType<typeof containersIn>[number]['container'], path: Path): Fault[] {
  const handlers: Array<[Path, Handler | undefined]> = [
    [['livenessProbe'], container.livenessProbe],
    [['readinessProbe'], container.readinessProbe],
    [['startupProbe'], container.startupProbe],
    [['lifecycle', 'preStop'], container.lifecycle?.preStop],
    [['lifecycle', 'postStart'], container.lifecycle?.postStart],
  ];
  return handlers.flatMap(([where, handler]) =>
    (['httpGet', 'tcpSocket'] as const).flatMap((action): Fault[] =>
      handler?.[action]?.host ? [[[...path, ...where, action, 'host'], 'must not be set']] : [],
    ),
  );
}
