import { append, set, setContainer, setPod, swap } from './spoil.ts';
import type { Copies } from './spoil.ts';

const openPolicy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: monitoring, namespace: microservices, labels: { app.kubernetes.io/part-of: microservices } }
spec: { podSelector: {}, ingress: [{ ports: [{ port: 9464 }] }] }`;

/** Who may do what: copies that Kubernetes would take, by the rule that must not. */
export const insecure: Copies = {
  'Pod Security: hostNamespaces': [
    ['rabbitmq', setPod('hostNetwork', true)],
    ['rabbitmq', setPod('hostPID', true)],
  ],
  'Pod Security: privileged': [['rabbitmq', setContainer('securityContext.privileged', true)]],
  'Pod Security: capabilities_baseline': [
    ['rabbitmq', swap('drop: [ALL]', 'drop: [ALL]\n              add: [NET_ADMIN]')],
  ],
  'Pod Security: hostPathVolumes': [['rabbitmq', swap('emptyDir: {}', 'hostPath: { path: /tmp }')]],
  'Pod Security: hostPorts': [
    ['rabbitmq', swap('containerPort: 5672', 'containerPort: 5672\n              hostPort: 5672')],
  ],
  'Pod Security: hostProbesAndHostLifecycle': [
    [
      'rabbitmq',
      swap(
        'port: amqp\n            periodSeconds',
        'port: amqp\n              host: 10.0.0.1\n            periodSeconds',
      ),
    ],
    ['billing-app', setContainer('lifecycle.postStart', { httpGet: { host: 'example.org', port: 80 } })],
  ],
  'Pod Security: appArmorProfile': [['rabbitmq', setPod('securityContext.appArmorProfile', { type: 'Unconfined' })]],
  'Pod Security: seLinuxOptions': [['rabbitmq', setPod('securityContext.seLinuxOptions', { user: 'system_u' })]],
  'Pod Security: procMount': [['rabbitmq', setContainer('securityContext.procMount', 'Unmasked')]],
  'Pod Security: seccompProfile_baseline': [['rabbitmq', swap('RuntimeDefault', 'Unconfined')]],
  'Pod Security: sysctls': [['rabbitmq', setPod('securityContext.sysctls', [{ name: 'kernel.msgmax', value: '1' }])]],
  'Pod Security: windowsHostProcess': [['rabbitmq', setPod('securityContext.windowsOptions', { hostProcess: true })]],
  'Pod Security: restrictedVolumes': [['rabbitmq', swap('emptyDir: {}', 'nfs: { server: a, path: / }')]],
  'Pod Security: allowPrivilegeEscalation': [
    ['rabbitmq', swap('allowPrivilegeEscalation: false', 'allowPrivilegeEscalation: true')],
    ['billing-app', setContainer('securityContext.allowPrivilegeEscalation')],
  ],
  'Pod Security: runAsNonRoot': [['rabbitmq', swap('runAsNonRoot: true', 'runAsNonRoot: false')]],
  'Pod Security: runAsUser': [['rabbitmq', swap('runAsUser: 100', 'runAsUser: 0')]],
  'Pod Security: seccompProfile_restricted': [['rabbitmq', setPod('securityContext.seccompProfile')]],
  'Pod Security: capabilities_restricted': [
    ['rabbitmq', swap('drop: [ALL]', 'drop: [NET_RAW]')],
    ['rabbitmq', swap('drop: [ALL]', 'drop: [ALL]\n              add: [CHOWN]')],
  ],
  'every network policy chooses something': [
    ['network-policies', swap('name: billing-database\n', 'name: billing-databas\n')],
  ],
  'Secrets stand in secrets.yaml': [
    ['rabbitmq', append('apiVersion: v1\nkind: Secret\nmetadata: { name: more, namespace: microservices }')],
  ],
  'credentials stand in secrets.yaml only': [
    [
      'billing-app',
      swap(
        '- name: DATABASE_PASSWORD_FILE\n              value: /run/secrets/billing-database/password',
        '- name: DATABASE_PASSWORD\n              value: secret',
      ),
    ],
    ['postgres-config', swap('set -eu', 'set -eu\n    PGPASSWORD=hunter2 psql')],
    ['rabbitmq', swap('"$(value password)"', '"hunter2"')],
    ['rabbitmq', swap('heartbeat = 10', 'heartbeat = 10\n    default_user = services-demo')],
    ['api-gateway', swap('http://billing-app:8080', 'http://me:demo@billing-app:8080')],
    ['postgres-config', swap('set -eu', 'set -eu\n    key=fVt0ZxQ2Lr8sYk5nWc1PbHd9')],
    ['postgres-config', swap('set -eu', 'set -eu\n    key=0cc175b9c0f1b6a831c399e269772661')],
  ],
  'passwords reach a pod as files that it alone can read': [
    ['billing-app', setPod('securityContext.fsGroup')],
    ['billing-app', swap('key: username', 'key: password')],
    ['billing-app', swap('defaultMode: 0440', 'defaultMode: 0444')],
  ],
  'root file systems are read-only': [
    ['rabbitmq', swap('readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: false')],
  ],
  'no pod has a token for the API server': [
    ['rabbitmq', setPod('automountServiceAccountToken')],
    ['rabbitmq', set('ServiceAccount', 'automountServiceAccountToken', true)],
  ],
  'no variables come from Services': [['rabbitmq', setPod('enableServiceLinks')]],
  'pods run as the user of their image': [
    ['rabbitmq', setPod('securityContext.runAsUser', 999)],
    ['billing-database', setPod('securityContext.fsGroup', 999)],
  ],
  'images are those of this version': [
    ['billing-app', swap(/billing-app:\d\S*/, 'billing-app:latest')],
    ['billing-app', swap(/yourusername\/billing-app:\S+/, 'yourusername/billing-app')],
    ['rabbitmq', swap('rabbitmq:3-management-alpine', 'rabbitmq:3-alpine')],
  ],
  'images are pulled only where they are missing': [['rabbitmq', swap('IfNotPresent', 'Always')]],
  'who reaches whom is what the picture shows': [
    ['network-policies', append(openPolicy)],
    ['network-policies', swap('- port: 5672', '- port: 15672')],
    [
      'network-policies',
      swap(
        '          podSelector:\n            matchLabels:\n              k8s-app: kube-dns\n      ports:',
        '      ports:',
      ),
    ],
    ['network-policies', swap('protocol: UDP', 'protocol: SCTP')],
    ['network-policies', swap('    - to:\n        - podSelector: {}', '    - {}')],
    [
      'network-policies',
      swap(
        '        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: billing-app',
        '        - namespaceSelector: {}',
      ),
    ],
  ],
  'the first policy denies everything to everyone': [['network-policies', swap('[Ingress, Egress]', '[Ingress]')]],
  'each arrow has one policy, each policy one arrow': [
    ['network-policies', append(openPolicy)],
    ['network-policies', swap('- port: 5432', '- port: 5433')],
    [
      'network-policies',
      swap(/(?<=from:\n +- podSelector:\n +matchLabels:\n +app.kubernetes.io\/name: )billing-app/, 'api-gateway'),
    ],
  ],
};
