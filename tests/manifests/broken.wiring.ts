import { append, set, setPod, swap, without } from './spoil.ts';
import type { Copies } from './spoil.ts';

const job = `apiVersion: batch/v1
kind: Job
metadata: { name: migrate, namespace: microservices, labels: { app.kubernetes.io/part-of: microservices } }
spec: { template: { spec: { restartPolicy: Never, containers: [{ name: migrate, image: busybox:1 }] } } }`;

/** How objects fit together: copies that Kubernetes would take, by the rule that must not. */
export const badlyWired: Copies = {
  'each file holds its objects, in the order in which they are needed': [
    ['billing-app', without('Service')],
    ['api-gateway', without('HorizontalPodAutoscaler')],
  ],
  'no object is there twice': [['network-policies', swap('name: api-gateway-to-rabbitmq', 'name: default-deny')]],
  'everything is in the namespace': [
    ['rabbitmq', swap('namespace: microservices', 'namespace: default')],
    ['secrets', set('Secret', 'metadata.namespace')],
  ],
  'the namespace enforces "restricted"': [['namespace', swap('enforce: restricted', 'enforce: baseline')]],
  'no pod comes to an end': [['inventory-database', append(job)]],
  'a workload is of the kind and name that the picture has': [
    ['billing-app', set('StatefulSet', 'metadata.name', 'billing')],
  ],
  'objects carry the usual labels': [
    ['billing-app', swap(/io\/version: \S+/, 'io/version: 0.0.9')],
    ['rabbitmq', swap('app.kubernetes.io/component: broker', 'app.kubernetes.io/component: queue')],
    ['secrets', swap('app.kubernetes.io/part-of: microservices', 'app.kubernetes.io/part-of: system')],
  ],
  'a workload, its Service and its budget choose its own pods': [
    ['billing-app', set('Service', 'spec.selector', { app: 'billing-app' })],
    [
      'api-gateway',
      set('PodDisruptionBudget', 'spec.selector.matchLabels', { 'app.kubernetes.io/component': 'service' }),
    ],
    ['rabbitmq', set('Deployment', 'spec.selector.matchLabels', { 'app.kubernetes.io/name': 'rabbit' })],
    ['inventory-app', setPod('topologySpreadConstraints.0.labelSelector.matchLabels', { app: 'x' })],
  ],
  'a Service leads to a port that its pods have': [
    ['billing-app', swap('targetPort: http', 'targetPort: web')],
    ['billing-app', swap('targetPort: http', 'targetPort: 8081')],
  ],
  'Services offer the ports of the picture, to clients port 30000 alone': [
    ['api-gateway', swap('nodePort: 30000', 'nodePort: 30001')],
    ['rabbitmq', set('Service', 'spec.type', 'NodePort')],
    ['billing-app', swap('port: 8080\n      targetPort', 'port: 80\n      targetPort')],
  ],
  'the Service of a StatefulSet is headless': [
    ['billing-database', set('Service', 'spec.clusterIP')],
    ['billing-database', swap('serviceName: billing-database', 'serviceName: billing')],
  ],
  'what a pod refers to is defined': [
    ['billing-app', swap('key: username', 'key: user')],
    ['api-gateway', swap('secretName: rabbitmq', 'secretName: broker')],
    ['api-gateway', swap('key: password', 'key: passwort')],
    ['rabbitmq', swap('claimName: rabbitmq', 'claimName: broker')],
    ['rabbitmq', swap('subPath: 90-microservices.conf', 'subPath: rabbitmq.conf')],
    ['billing-app', swap('serviceAccountName: billing-app', 'serviceAccountName: api-gateway')],
  ],
  'what an autoscaler refers to is defined': [
    ['api-gateway', set('HorizontalPodAutoscaler', 'spec.scaleTargetRef.kind', 'StatefulSet')],
    ['api-gateway', set('HorizontalPodAutoscaler', 'spec.scaleTargetRef.apiVersion', 'apps/v1beta1')],
  ],
  'what is defined is used': [
    ['secrets', swap('stringData:\n', 'stringData:\n  api-key: demo\n')],
    ['postgres-config', swap('\ndata:\n', '\ndata:\n  pg_hba.conf: local all all trust\n')],
    ['rabbitmq', swap('serviceAccountName: rabbitmq', 'serviceAccountName: billing-app')],
  ],
  'a file that a variable names is mounted': [
    ['billing-app', swap('value: /run/secrets/rabbitmq/password', 'value: /run/secrets/broker/password')],
    ['billing-app', swap('path: password', 'path: secret')],
  ],
  'an address that a variable names is that of a Service': [
    ['api-gateway', swap('http://billing-app:8080', 'http://billing:8080')],
    ['api-gateway', swap('http://billing-app:8080', 'http://billing-app:3000')],
    ['billing-app', swap('value: rabbitmq', 'value: rabbit')],
  ],
  'what a pod needs stands before it in its file': [
    ['billing-app', (text) => text.split('---\n').toReversed().join('---\n')],
  ],
  'every mount has a volume, every volume a mount': [
    ['billing-app', swap('- name: rabbitmq\n              mountPath', '- name: broker\n              mountPath')],
  ],
  'no two things are mounted at one place': [
    ['billing-database', swap('mountPath: /tmp', 'mountPath: /var/run/postgresql')],
  ],
  'databases and broker keep their data in a volume that one pod writes': [
    ['rabbitmq', swap('type: Recreate', 'type: RollingUpdate')],
    ['rabbitmq', swap('persistentVolumeClaim:\n            claimName: rabbitmq', 'emptyDir: {}')],
    ['billing-database', swap('whenDeleted: Retain', 'whenDeleted: Delete')],
  ],
  'claims fit any cluster': [
    ['rabbitmq', swap('[ReadWriteOnce]', '[ReadWriteMany]')],
    ['rabbitmq', set('PersistentVolumeClaim', 'spec.resources')],
    [
      'billing-database',
      swap('accessModes: [ReadWriteOnce]', 'accessModes: [ReadWriteOnce]\n        storageClassName: local-path'),
    ],
  ],
  'PostgreSQL has its data in a folder below its volume': [
    ['billing-database', swap('/var/lib/postgresql/data/pgdata', '/var/lib/postgresql/data')],
  ],
  'RabbitMQ keeps its name, and its volume holds the data alone': [
    ['rabbitmq', swap('- name: RABBITMQ_NODENAME', '- name: RABBITMQ_NODE')],
    ['rabbitmq', swap('mountPath: /var/lib/rabbitmq/mnesia', 'mountPath: /var/lib/rabbitmq/data')],
  ],
};
