import { set, setContainer, setPod, swap, without } from './spoil.ts';
import type { Copies } from './spoil.ts';

/** How pods run: copies that Kubernetes would take, by the rule that must not. */
export const badlyRun: Copies = {
  'autoscalers keep 1 to 3 pods at 60 % CPU': [
    ['api-gateway', swap('minReplicas: 1', 'minReplicas: 2')],
    ['api-gateway', swap('maxReplicas: 3', 'maxReplicas: 10')],
    ['inventory-app', swap('averageUtilization: 60', 'averageUtilization: 80')],
    ['inventory-app', without('HorizontalPodAutoscaler')],
    ['inventory-app', set('HorizontalPodAutoscaler', 'spec.scaleTargetRef.name', 'api-gateway')],
    ['inventory-app', set('HorizontalPodAutoscaler', 'spec.metrics.0.resource.name', 'memory')],
  ],
  'an apply does not overrule an autoscaler, and all else is one pod': [
    ['api-gateway', set('Deployment', 'spec.replicas', 1)],
    ['billing-database', swap('replicas: 1', 'replicas: 2')],
  ],
  'containers say what they need': [
    ['api-gateway', setContainer('resources.requests.cpu')],
    ['rabbitmq', setContainer('resources.limits')],
    ['rabbitmq', setContainer('resources.limits.cpu', '1')],
    ['rabbitmq', setContainer('resources.limits.memory', '64Mi')],
  ],
  'all pods fit on the two nodes, with autoscalers at their maximum and a rollout going on': [
    ['api-gateway', swap('cpu: 100m', 'cpu: 800m')],
    ['inventory-app', swap('memory: 96Mi', 'memory: 512Mi')],
  ],
  'a rollout has a new pod ready before an old one goes': [
    ['api-gateway', swap('maxUnavailable: 0', 'maxUnavailable: 1')],
  ],
  'a node can be drained': [
    ['api-gateway', swap(/maxUnavailable: 1 #.*/, 'minAvailable: 1')],
    ['api-gateway', swap('AlwaysAllow', 'IfHealthyBudget')],
    ['inventory-app', without('PodDisruptionBudget')],
    ['inventory-app', set('PodDisruptionBudget', 'metadata.name', 'billing-app')],
  ],
  'every container is probed': [
    ['billing-app', setContainer('livenessProbe')],
    ['rabbitmq', setContainer('readinessProbe')],
  ],
  'services are asked what they answer, at the port where they listen': [
    ['billing-app', swap('path: /health/ready', 'path: /healthz')],
    ['billing-app', setContainer('livenessProbe.httpGet.path', '/health/ready')],
    ['billing-app', setContainer('readinessProbe.httpGet.port', 'metrics')],
    ['billing-app', swap('containerPort: 9464', 'containerPort: 9100')],
  ],
  'a probe knows the port that it asks for': [['rabbitmq', setContainer('startupProbe.tcpSocket.port', 'queue')]],
  'a probe waits longer than the check behind it': [
    ['billing-app', swap('timeoutSeconds: 5', 'timeoutSeconds: 1')],
    ['billing-database', swap('timeoutSeconds: 15', 'timeoutSeconds: 10')],
  ],
  'a start may take its time': [['billing-app', swap('failureThreshold: 60', 'failureThreshold: 10')]],
  'a pod has time to stop': [
    ['billing-app', swap('terminationGracePeriodSeconds: 40', 'terminationGracePeriodSeconds: 33')],
    ['api-gateway', setContainer('lifecycle')],
    ['billing-database', setPod('terminationGracePeriodSeconds')],
  ],
  'services are given the variables that they read': [
    ['billing-app', swap('name: DATABASE_NAME', 'name: DATABASE_NAM')],
    ['api-gateway', swap('name: RABBITMQ_HOST', 'name: RABBITMQ_VHOST')],
  ],
  'databases and roles are those of the contract': [
    ['billing-app', swap('value: orders', 'value: billing')],
    ['billing-app', swap('value: billing-database', 'value: inventory-database')],
    ['secrets', swap('username: billing_user', 'username: billing')],
    ['billing-database', setContainer('env.4', { name: 'DATABASE_OWNER', value: 'someone' })],
  ],
  'both databases are set up alike': [['billing-database', swap('--data-checksums ', '')]],
  'PostgreSQL has connections for every pod': [
    [
      'inventory-database',
      swap(
        '[sh, /etc/orchestrator/start.sh]',
        '[sh, /etc/orchestrator/start.sh]\n          args: [-c, max_connections=40]',
      ),
    ],
  ],
  'the broker lets its services use the queues that they have': [['rabbitmq', swap('|billing_queue\\\\.dead', '')]],
  'the broker is set up as on a machine without Kubernetes': [
    ['rabbitmq', swap('max_message_size = 65536', 'max_message_size = 1024')],
  ],
  'the broker blocks publishers before it runs out of memory': [['rabbitmq', swap('400MB', '700MB')]],
};
