import { container, make, patch, pod } from './cluster.break.ts';
import type { ClusterBreak, Material } from './cluster.break.ts';

/** Breaks of what keeps others out and data in, and of what people type. */
export const guardsBreaks = ({ image }: Material): readonly ClusterBreak[] => [
  {
    title: 'an arrow has no policy',
    turnsRed: ['network.policies'],
    names: /api-gateway → rabbitmq:5672 \(TCP\) is shut: no policy allows it/,
    breaks: ['kubectl delete networkpolicy api-gateway-to-rabbitmq'],
    mends: ['./orchestrator.sh deploy'],
  },
  {
    title: 'nothing is denied',
    turnsRed: ['network.policies'],
    names: /→ a new pod:3000 \(TCP\) is open: no policy denies it, default-deny is missing/,
    breaks: ['kubectl delete networkpolicy default-deny'],
    mends: ['./orchestrator.sh deploy'],
  },
  {
    title: 'Pod Security is relaxed, and a pod makes use of it',
    turnsRed: ['security.enforced', 'security.restricted'],
    names: /the namespace enforces baseline/,
    breaks: [
      'kubectl label namespace microservices pod-security.kubernetes.io/enforce=baseline --overwrite',
      `kubectl run careless --image=${image} --restart=Never --command -- sleep 600`,
      'kubectl wait --for=condition=ready pod/careless --timeout=120s',
    ],
    mends: [
      'kubectl delete pod careless --grace-period=1',
      'kubectl label namespace microservices pod-security.kubernetes.io/enforce=restricted --overwrite',
    ],
  },
  {
    title: 'a finished pod stays',
    turnsRed: ['kubectl.wait'],
    names: /pod finished is finished \(Succeeded\)/,
    breaks: [
      make(pod('finished', image, ['true'])),
      `kubectl wait --for=jsonpath='{.status.phase}'=Succeeded pod/finished --timeout=120s`,
    ],
    mends: ['kubectl delete pod finished'],
  },
  {
    title: 'the gateway writes what is no JSON',
    turnsRed: ['kubectl.logs'],
    names: /a line is no JSON: hello/,
    breaks: [`echo hello | kubectl exec -i deployment/api-gateway -- sh -c 'cat >/proc/1/fd/1'`],
    mends: [
      'kubectl delete pod -l app.kubernetes.io/name=api-gateway',
      'kubectl rollout status deployment/api-gateway',
    ],
  },
  {
    title: 'a database pod without su',
    turnsRed: ['kubectl.shells'],
    names: /inventory-database-0, su - postgres/,
    breaks: [
      patch('configmap/postgres-config', { op: 'replace', path: '/data/su', value: '#!/bin/sh\nexit 0\n' }),
      'kubectl delete pod inventory-database-0',
      'kubectl rollout status statefulset/inventory-database',
    ],
    mends: [
      './orchestrator.sh deploy',
      'kubectl delete pod inventory-database-0',
      'kubectl rollout status statefulset/inventory-database',
    ],
  },
  {
    title: 'a broker whose data lies beside its volume',
    turnsRed: ['data.queue-kept-pod', 'volumes.mounted'],
    names: /another one is ready; then: .*billing_queue/,
    breaks: [
      patch('deployment/rabbitmq', { op: 'replace', path: brokerVolume, value: { name: 'data', emptyDir: {} } }),
      'kubectl rollout status deployment/rabbitmq',
    ],
    mends: [
      patch('deployment/rabbitmq', {
        op: 'replace',
        path: brokerVolume,
        value: { name: 'data', persistentVolumeClaim: { claimName: 'rabbitmq' } },
      }),
      'kubectl rollout status deployment/rabbitmq',
    ],
  },
  lostDatabase('inventory', 'deployment', 'data.movies-kept-pod'),
  lostDatabase('billing', 'statefulset', 'data.orders-kept-pod'),
];

/** Second among the volumes of Manifests/rabbitmq.yaml. */
const brokerVolume = '/spec/template/spec/volumes/1';

/** A database that has its data in a folder of its pod, and its volume somewhere else. */
function lostDatabase(name: 'inventory' | 'billing', kind: string, id: string): ClusterBreak {
  const database = `statefulset/${name}-database`;
  const service = `${kind}/${name}-app`;
  const restart = [
    `kubectl rollout status ${database}`,
    `kubectl rollout restart ${service}`,
    `kubectl rollout status ${service}`,
  ];
  return {
    title: `the database of ${name} lies beside its volume`,
    turnsRed: [id, 'volumes.mounted'],
    names: /another one is ready; then: /,
    breaks: [
      patch(
        database,
        { op: 'replace', path: `${container}/volumeMounts/0/mountPath`, value: '/mnt' },
        {
          op: 'add',
          path: `${container}/volumeMounts/-`,
          value: { name: 'lost', mountPath: '/var/lib/postgresql/data' },
        },
        { op: 'add', path: '/spec/template/spec/volumes/-', value: { name: 'lost', emptyDir: {} } },
      ),
      ...restart,
    ],
    mends: [
      patch(
        database,
        { op: 'replace', path: `${container}/volumeMounts/0/mountPath`, value: '/var/lib/postgresql/data' },
        { op: 'remove', path: `${container}/volumeMounts/8` },
        { op: 'remove', path: '/spec/template/spec/volumes/4' },
      ),
      ...restart,
    ],
  };
}
