import type { KubernetesObject } from '@orchestrator/orchestrator/cluster/kubectl.ts';
import { isSecret } from '@orchestrator/orchestrator/cluster/objects.ts';
import { add, both, find, set, without } from './cluster.objects.ts';
import type { Spoil } from './cluster.objects.ts';

/** A way to spoil the objects of a cluster, the checks that must turn red, and what the first of them must name. */
export type Break = readonly [turnsRed: readonly string[], title: string, names: RegExp, spoil: Spoil];

const template = 'spec.template.spec';
const container = `${template}.containers.0`;

const policy = (name: string, spec: object): KubernetesObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name },
  spec,
});

const service = (name: string, spec: object): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
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

export const clusterBreaks: readonly Break[] = [
  [['nodes.ready'], 'one node is left', /has 1 node/, without('Node/agent')],
  [
    ['nodes.ready'],
    'a node is not Ready',
    /node agent is not Ready: KubeletStopped/,
    set('Node/agent', 'status.conditions.0', { type: 'Ready', status: 'Unknown', reason: 'KubeletStopped' }),
  ],
  [['nodes.ready'], 'a node stays drained', /SchedulingDisabled/, set('Node/agent', 'spec.unschedulable', true)],
  [['nodes.ready'], 'a machine has another name', /no node agent/, set('Node/agent', 'metadata.name', 'node2')],
  [
    ['workloads.kinds'],
    'billing-app is a Deployment',
    /billing-app is a Deployment, and must be a StatefulSet/,
    set('StatefulSet/billing-app', 'kind', 'Deployment'),
  ],
  [
    ['workloads.images'],
    'an image without a user',
    /must be yourusername\/inventory-app/,
    set('Deployment/inventory-app', `${container}.image`, 'inventory-app:0.1.0'),
  ],
  [
    ['workloads.images'],
    'the newest version, whichever it is',
    /has no version/,
    set('Deployment/api-gateway', `${container}.image`, 'yourusername/api-gateway:latest'),
  ],
  [
    ['workloads.images'],
    'a database of somebody else',
    /must be the official postgres:15-alpine/,
    set('StatefulSet/billing-database', `${container}.image`, 'bitnami/postgresql:15'),
  ],
  [
    ['workloads.ready'],
    'a rollout is paused',
    /inventory-app \(paused\): 0 of 1 pods are of the new version/,
    both(
      set('Deployment/inventory-app', 'spec.paused', true),
      set('Deployment/inventory-app', 'status.updatedReplicas', 0),
    ),
  ],
  [
    ['workloads.ready'],
    'a part is stopped',
    /billing-app is stopped/,
    set('StatefulSet/billing-app', 'spec.replicas', 0),
  ],
  [
    ['workloads.probes'],
    'a part is not probed',
    /readinessProbe is missing/,
    set('StatefulSet/billing-app', `${container}.readinessProbe`, undefined),
  ],
  [
    ['workloads.probes'],
    'live depends on others',
    /livenessProbe asks \/health\/ready/,
    set('Deployment/api-gateway', `${container}.livenessProbe.httpGet.path`, '/health/ready'),
  ],
  [
    ['services.ports'],
    'the broker is at another port',
    /rabbitmq does not offer port 5672/,
    set('Service/rabbitmq', 'spec.ports.0.port', 5673),
  ],
  [
    ['services.ports'],
    'a Service chooses nobody',
    /inventory-app selects/,
    set('Service/inventory-app', 'spec.selector', { app: 'inventory' }),
  ],
  [
    ['services.entrance'],
    'another port of the nodes',
    /30001 → 3000; it must be a NodePort 30000 → 3000/,
    set('Service/api-gateway', 'spec.ports.0.nodePort', 30_001),
  ],
  [
    ['services.entrance'],
    'the page of the broker is open to clients',
    /rabbitmq is a NodePort and opens 31672 → 15672/,
    both(set('Service/rabbitmq', 'spec.type', 'NodePort'), set('Service/rabbitmq', 'spec.ports.1.nodePort', 31_672)),
  ],
  [
    ['services.metrics-private'],
    'a Service leads to the metrics',
    /Service metrics leads to the metrics/,
    add(service('metrics', { ports: [{ port: 80, targetPort: 9464 }] })),
  ],
  [
    ['scaling.autoscalers'],
    'more pods than promised',
    /api-gateway: maxReplicas is 5, and must be 3/,
    set('HorizontalPodAutoscaler/api-gateway', 'spec.maxReplicas', 5),
  ],
  [
    ['scaling.autoscalers'],
    'more pods at the least',
    /minReplicas is 2, and must be 1/,
    set('HorizontalPodAutoscaler/inventory-app', 'spec.minReplicas', 2),
  ],
  [
    ['scaling.autoscalers'],
    'another load',
    /the CPU target is 80 %, and must be 60 %/,
    set('HorizontalPodAutoscaler/inventory-app', 'spec.metrics.0.resource.target.averageUtilization', 80),
  ],
  [
    ['scaling.autoscalers'],
    'no autoscaler',
    /no HorizontalPodAutoscaler scales the Deployment inventory-app/,
    without('HorizontalPodAutoscaler/inventory-app'),
  ],
  [
    ['scaling.autoscalers'],
    'an autoscaler of the broker',
    /scales Deployment rabbitmq, which must not/,
    set('HorizontalPodAutoscaler/api-gateway', 'spec.scaleTargetRef.name', 'rabbitmq'),
  ],
  [
    ['scaling.requests'],
    'a container says not what it needs',
    /api-gateway requests no cpu/,
    set('Deployment/api-gateway', `${container}.resources.requests.cpu`, undefined),
  ],
  [
    ['volumes.bound'],
    'a claim waits for its volume',
    /data-billing-database-0 is Pending/,
    set('PersistentVolumeClaim/data-billing-database-0', 'status.phase', 'Pending'),
  ],
  [['volumes.bound'], 'a claim is gone', /no claim rabbitmq/, without('PersistentVolumeClaim/rabbitmq')],
  [
    ['volumes.mounted'],
    'the data lies beside the volume',
    /inventory-database has its data at \/data, .*it would be lost with the pod/,
    set('StatefulSet/inventory-database', `${container}.env.0.value`, '/data'),
  ],
  [
    ['volumes.mounted'],
    'the broker has no volume',
    /rabbitmq has its data at .*no claim is mounted/,
    set('Deployment/rabbitmq', `${template}.volumes.1`, { name: 'data', emptyDir: {} }),
  ],
  [
    ['volumes.mounted'],
    'the broker has the name of its pod',
    /RABBITMQ_NODENAME/,
    set('Deployment/rabbitmq', `${container}.env`, []),
  ],
  [
    ['volumes.mounted'],
    'the claims go with their StatefulSet',
    /deletes its claim whenDeleted/,
    set('StatefulSet/billing-database', 'spec.persistentVolumeClaimRetentionPolicy.whenDeleted', 'Delete'),
  ],
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
    /is open: no policy denies it, default-deny is missing/,
    without('NetworkPolicy/default-deny', 'NetworkPolicy/inventory-app-to-inventory-database'),
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
