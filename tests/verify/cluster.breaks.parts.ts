import type { KubernetesObject } from '@orchestrator/orchestrator/cluster/kubectl.ts';
import { add, both, set, without } from './cluster.objects.ts';
import type { Break } from './cluster.objects.ts';

const template = 'spec.template.spec';
const container = `${template}.containers.0`;

const service = (name: string, spec: object): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec,
});

/** Nodes, workloads, Services, autoscalers and volumes. */
export const partsBreaks: readonly Break[] = [
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
];
