import type { KubernetesObject } from '@orchestrator/orchestrator/cluster/kubectl.ts';
import { isSecret } from '@orchestrator/orchestrator/cluster/objects.ts';
import { add, find, set, without } from './cluster.objects.ts';
import type { Break, Spoil } from './cluster.objects.ts';

const container = 'spec.template.spec.containers.0';

const policy = (name: string, spec: object): KubernetesObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name },
  spec,
});

/** The value of a Secret's key, put somewhere else. */
function leak(title: string, path: string, around = (value: string): unknown => value): Spoil {
  return (objects) => {
    const secret = objects.filter(isSecret).find(({ metadata }) => metadata.name === 'billing-database');
    set(title, path, around(Buffer.from(secret?.data?.['password'] ?? '', 'base64').toString()))(objects);
  };
}

function addVariable(title: string, variable: object): Spoil {
  return (objects) => {
    const { spec } = find(objects, title) as unknown as {
      spec: { template: { spec: { containers: { env: object[] }[] } } };
    };
    spec.template.spec.containers[0]?.env.push(variable);
  };
}

/** Secrets, policies and Pod Security. */
export const guardsBreaks: readonly Break[] = [
  [['secrets.stored'], 'a Secret is gone', /no Secret rabbitmq/, without('Secret/rabbitmq')],
  [
    ['secrets.stored'],
    'a Secret lacks a key',
    /Secret rabbitmq has no admin-password/,
    set('Secret/rabbitmq', 'data.admin-password', undefined),
  ],
  [
    ['secrets.own'],
    'a password is the published one',
    /demonstration passwords.*in Secret billing-database/,
    set('Secret/billing-database', 'data.password', Buffer.from('billing-demo').toString('base64')),
  ],
  [
    ['secrets.literals'],
    'a password in a variable',
    /billing-app, container billing-app: DATABASE_PASSWORD is a literal/,
    addVariable('StatefulSet/billing-app', { name: 'DATABASE_PASSWORD', value: 'hunter2' }),
  ],
  [
    ['secrets.literals'],
    'the value of a Secret in a variable with a harmless name',
    /spec\.template\.spec\.containers\[0\]\.env\[0\]\.value has the value of Secret billing-database, key password/,
    leak('Deployment/inventory-app', `${container}.env.0.value`, (value) => `postgres://u:${value}@host`),
  ],
  [
    ['secrets.literals'],
    'the value of a Secret on a command line',
    /command\[3\] has the value of Secret billing-database, key password/,
    leak('Deployment/rabbitmq', `${container}.command.3`),
  ],
  [
    ['secrets.literals'],
    'the value of a Secret in an annotation',
    /service\/rabbitmq metadata\.annotations\.note has the value/,
    leak('Service/rabbitmq', 'metadata.annotations', (note) => ({ note })),
  ],
  [
    ['secrets.literals'],
    'a password in a ConfigMap',
    /configmap\/rabbitmq data\.extra gives a password/,
    set('ConfigMap/rabbitmq', 'data.extra', 'default_pass_file = x\npassword = hunter2'),
  ],
  [
    ['secrets.encrypted'],
    'K3s does not encrypt',
    /master does not encrypt/,
    set('Node/master', 'metadata.annotations', {}),
  ],
  [
    ['network.policies'],
    'an arrow has no policy',
    /api-gateway → rabbitmq:5672 \(TCP\) is shut: no policy allows it/,
    without('NetworkPolicy/api-gateway-to-rabbitmq'),
  ],
  [
    ['network.policies'],
    'nothing is denied',
    /→ a new pod:3000 \(TCP\) is open: no policy denies it, default-deny is missing/,
    without('NetworkPolicy/default-deny'),
  ],
  [
    ['network.policies'],
    'a policy is wider than its arrow',
    /billing-database:5432 \(TCP\) is open: the policy billing-app-to-billing-database allows it/,
    set('NetworkPolicy/billing-app-to-billing-database', 'spec.ingress.0.from', []),
  ],
  [
    ['network.policies'],
    'somebody adds a policy',
    /is open: the policy just-for-now allows it/,
    add(policy('just-for-now', { podSelector: {}, ingress: [{}] })),
  ],
  [
    ['network.policies'],
    'a pod may speak to the outside',
    /→ client:443 \(TCP\) is open: the policy out allows it/,
    add(policy('out', { podSelector: {}, policyTypes: ['Egress'], egress: [{ ports: [{ port: 443 }] }] })),
  ],
  [
    ['security.restricted'],
    'a pod is root',
    /pod\/billing-app-0: spec\.securityContext\.runAsUser must not be root/,
    set('Pod/billing-app-0', 'spec.securityContext.runAsUser', 0),
  ],
  [
    ['security.hardened'],
    'a pod can write on its root',
    /root file system can be written/,
    set('Pod/api-gateway', 'spec.containers.0.securityContext.readOnlyRootFilesystem', false),
  ],
  [
    ['security.hardened'],
    'a pod has a token',
    /has a token for the API server/,
    set('Pod/api-gateway', 'spec.volumes.1', {
      name: 'token',
      projected: { sources: [{ serviceAccountToken: { path: 'token' } }] },
    }),
  ],
  [
    ['security.hardened'],
    'a pod gets variables from Services',
    /enableServiceLinks/,
    set('Pod/rabbitmq', 'spec.enableServiceLinks', true),
  ],
  [
    ['kubectl.wait'],
    'a finished pod stays',
    /billing-app-0 is finished \(Succeeded\)/,
    set('Pod/billing-app-0', 'status', { phase: 'Succeeded', conditions: [] }),
  ],
];
