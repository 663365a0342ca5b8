import { container, frozen, patch } from './cluster.break.ts';
import type { ClusterBreak, Material } from './cluster.break.ts';

/** Breaks of nodes, workloads and Services. */
export const partsBreaks = ({ node }: Material): readonly ClusterBreak[] => [
  {
    title: 'a node is cordoned',
    turnsRed: ['nodes.ready'],
    names: /SchedulingDisabled/,
    breaks: [`kubectl cordon ${node}`],
    mends: [`kubectl uncordon ${node}`],
  },
  {
    title: 'the context leads to another namespace',
    turnsRed: ['nodes.context'],
    names: /has the namespace default/,
    breaks: ['kubectl config set-context --current --namespace=default'],
    mends: ['kubectl config set-context --current --namespace=microservices'],
  },
  {
    title: 'billing-app is no StatefulSet any more',
    // A pod without an owner is not moved by a drain either.
    turnsRed: ['workloads.kinds', 'scaling.drain'],
    names: /there is no StatefulSet billing-app/,
    breaks: ['kubectl delete statefulset billing-app --cascade=orphan'],
    mends: ['./orchestrator.sh deploy'],
  },
  {
    title: 'an image of nobody',
    turnsRed: ['workloads.images', 'workloads.ready'],
    names: /inventory-app, container inventory-app: image inventory-app:0\.1\.0 must be/,
    ...frozen(
      'inventory-app',
      'kubectl set image deployment/inventory-app inventory-app=inventory-app:0.1.0',
      './orchestrator.sh deploy',
    ),
  },
  {
    title: 'a part is not probed',
    turnsRed: ['workloads.probes', 'workloads.ready'],
    names: /inventory-app: readinessProbe is missing/,
    ...frozen(
      'inventory-app',
      patch('deployment/inventory-app', { op: 'remove', path: `${container}/readinessProbe` }),
      './orchestrator.sh deploy',
    ),
  },
  {
    title: 'a Service at another port',
    turnsRed: ['services.ports'],
    names: /billing-app does not offer port 8080/,
    breaks: [patch('service/billing-app', { op: 'replace', path: '/spec/ports/0/port', value: 8081 })],
    mends: [patch('service/billing-app', { op: 'replace', path: '/spec/ports/0/port', value: 8080 })],
  },
  {
    title: 'another NodePort',
    turnsRed: ['services.entrance', 'services.node-port'],
    names: /30001 → 3000; it must be a NodePort 30000 → 3000/,
    breaks: [patch('service/api-gateway', { op: 'replace', path: '/spec/ports/0/nodePort', value: 30_001 })],
    mends: [patch('service/api-gateway', { op: 'replace', path: '/spec/ports/0/nodePort', value: 30_000 })],
  },
  {
    title: 'the broker is open to clients',
    turnsRed: ['services.entrance'],
    names: /rabbitmq is a NodePort/,
    breaks: [patch('service/rabbitmq', { op: 'replace', path: '/spec/type', value: 'NodePort' })],
    mends: [patch('service/rabbitmq', { op: 'replace', path: '/spec/type', value: 'ClusterIP' })],
  },
  {
    title: 'a Service leads to the metrics',
    turnsRed: ['services.metrics-private'],
    names: /Service metrics leads to the metrics/,
    breaks: ['kubectl create service clusterip metrics --tcp=80:9464'],
    mends: ['kubectl delete service metrics'],
  },
  {
    title: 'the Service of inventory-app is gone',
    turnsRed: ['services.inside', 'services.ports'],
    names: /inventory-app:8080\/health\/live → getaddrinfo/,
    breaks: ['kubectl delete service inventory-app'],
    mends: ['./orchestrator.sh deploy'],
  },
  {
    title: 'the metrics are somewhere else',
    turnsRed: ['services.metrics'],
    names: /9464\/metrics → connect ECONNREFUSED/,
    breaks: [
      'kubectl set env deployment/inventory-app METRICS_PORT=9465',
      'kubectl rollout status deployment/inventory-app',
    ],
    mends: [
      'kubectl set env deployment/inventory-app METRICS_PORT-',
      'kubectl rollout status deployment/inventory-app',
    ],
  },
];
