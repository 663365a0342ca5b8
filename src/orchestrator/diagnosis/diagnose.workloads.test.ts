import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, theCause } from './diagnose.cases.ts';
import { autoscaler, claim, event, node, now, pod, snapshot, waiting, workload } from './diagnose.fixtures.ts';
import { diagnose } from './diagnose.ts';
import { isHopeless } from './diagnosis.ts';
import type { Snapshot } from './snapshot.ts';

test('pods that Pod Security refuses are told by their workloads, at once for all', () => {
  const words =
    'violates PodSecurity "restricted:latest": runAsNonRoot != true (container "c" must set runAsNonRoot=true)';
  const change: Partial<Snapshot> = {
    workloads: [
      workload('api-gateway', {
        status: {
          conditions: [{ type: 'ReplicaFailure', status: 'True', message: `pods "x" is forbidden: ${words}` }],
        },
      }),
      workload('billing-app', { status: { replicas: 0 } }),
    ],
    events: [
      event(
        'StatefulSet/billing-app',
        'FailedCreate',
        `create Pod billing-app-0 in StatefulSet billing-app failed error: pods "billing-app-0" is forbidden: ${words}`,
      ),
    ],
  };
  const cause = theCause(change);
  assert.equal(cause.subject, 'api-gateway, billing-app');
  assert.equal(cause.message, 'the namespace takes only pods that keep to Pod Security restricted:latest');
  assert.equal(cause.evidence, 'runAsNonRoot != true (container "c" must set runAsNonRoot=true)');
  assert.ok(isHopeless(cause));
});

test('other refusals are told as what they are', () => {
  const refused = (message: string) => ({
    workloads: [
      workload('rabbitmq', { status: { conditions: [{ type: 'ReplicaFailure', status: 'True' as const, message }] } }),
    ],
  });
  assert.deepEqual(
    found(refused('pods "x" is forbidden: exceeded quota: few, requested: pods=1, used: pods=9, limited: pods=9')),
    ['error rabbitmq: the quota few of the namespace is used up'],
  );
  assert.deepEqual(
    found(
      refused(
        'pods "x" is forbidden: error looking up service account microservices/rabbitmq: serviceaccount "rabbitmq" not found',
      ),
    ),
    ['error rabbitmq: the ServiceAccount rabbitmq is missing'],
  );
});

test('billing-app at 0 is a warning with the command that starts it; a database at 0 is an error', () => {
  const cause = theCause({ workloads: [workload('billing-app', { replicas: 0 })] });
  assert.deepEqual(
    [cause.level, cause.message, cause.cure],
    [
      'warning',
      'somebody stopped it (0 replicas); orders wait in billing_queue',
      'kubectl scale statefulset billing-app --replicas=1 -n microservices',
    ],
  );
  assert.equal(theCause({ workloads: [workload('billing-database', { replicas: 0 })] }).level, 'error');
});

test('a system that is stopped or absent is one finding', () => {
  const names = ['api-gateway', 'inventory-app', 'billing-app', 'rabbitmq', 'inventory-database', 'billing-database'];
  assert.deepEqual(found({ workloads: names.map((name) => workload(name, { replicas: 0 })) }), [
    'error system: the system is stopped: every part of it is scaled to 0',
  ]);
  const nothing = diagnose({ ...snapshot({}), workloads: [], pods: [], services: [] }, now);
  assert.deepEqual(
    nothing.map(({ message, cure }) => [message, cure]),
    [
      [
        'the system is not deployed on this cluster',
        './orchestrator.sh create   # or deploy, where the cluster is made already',
      ],
    ],
  );
  const half = diagnose({ ...snapshot({}), workloads: names.slice(0, 4).map((name) => workload(name)) }, now);
  assert.deepEqual(
    half.map(({ subject, message }) => `${subject}: ${message}`),
    ['inventory-database, billing-database: not deployed'],
  );
});

test('a rollout that does not get on is told only when its pods do not tell why', () => {
  const stuck = workload('api-gateway', {
    status: { conditions: [{ type: 'Progressing', status: 'False', message: 'has timed out progressing' }] },
  });
  assert.deepEqual(found({ workloads: [stuck] }), ['error api-gateway: its rollout does not get on']);
  const sick = pod('api-gateway', {
    name: 'api-gateway-new',
    status: waiting('CreateContainerConfigError', 'secret "rabbitmq" not found'),
  });
  assert.deepEqual(found({ workloads: [stuck], pods: [pod('api-gateway'), sick] }), [
    'error api-gateway: the Secret rabbitmq is missing',
  ]);
});

test('a gateway without its NodePort is found', () => {
  assert.deepEqual(found({ services: [] }), ['error api-gateway: no Service leads from port 30000 of the nodes to it']);
});

const inactive = (message: string) => ({
  type: 'ScalingActive',
  status: 'False' as const,
  reason: 'FailedGetResourceMetric',
  message,
});
const noMetrics = inactive(
  'the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)',
);

test('autoscalers without metrics are one finding, and come last', () => {
  assert.deepEqual(
    found({
      autoscalers: [autoscaler('api-gateway', noMetrics), autoscaler('inventory-app', noMetrics)],
      pods: [pod('billing-app', { status: waiting('CreateContainerConfigError', 'secret "rabbitmq" not found') })],
    }),
    [
      'error billing-app: the Secret rabbitmq is missing',
      'error autoscaler api-gateway, autoscaler inventory-app: it is blind: the cluster has no metrics',
    ],
  );
});

test('an autoscaler whose pods lack a request says so', () => {
  const condition = inactive(
    'failed to get cpu utilization: missing request for cpu in container api-gateway of Pod api-gateway-1',
  );
  assert.match(
    theCause({ autoscalers: [autoscaler('api-gateway', condition)] }).message,
    /the container api-gateway has no cpu request/,
  );
});

test('an autoscaler at its maximum is a warning', () => {
  const condition = { type: 'ScalingLimited', status: 'True' as const, reason: 'TooManyReplicas' };
  assert.deepEqual(found({ autoscalers: [autoscaler('api-gateway', condition)] }), [
    'warning autoscaler api-gateway: api-gateway runs with its most replicas (3) and would need more',
  ]);
});

test('an autoscaler is not blamed for pods that are new or broken', () => {
  const autoscalers = [autoscaler('api-gateway', noMetrics)];
  assert.deepEqual(found({ autoscalers, pods: [pod('api-gateway', { createdAgo: 30 })] }), []);
  const sick = pod('api-gateway', { status: waiting('CreateContainerConfigError', 'secret "x" not found') });
  assert.deepEqual(found({ autoscalers, pods: [sick] }), ['error api-gateway: the Secret x is missing']);
});

test('findings come from the ground up: nodes, storage, broker and databases, services, autoscalers', () => {
  const missing = (name: string) => waiting('CreateContainerConfigError', `secret "${name}" not found`);
  const subjects = found({
    nodes: [node('agent', { cordoned: true }), node('master')],
    claims: [claim('data-x', { phase: 'Lost' })],
    pods: ['api-gateway', 'billing-app', 'inventory-app', 'billing-database', 'rabbitmq'].map((name) =>
      pod(name, { status: name === 'rabbitmq' ? { ready: false } : missing(name) }),
    ),
    autoscalers: [autoscaler('inventory-app', noMetrics), autoscaler('other', noMetrics)],
  }).map((line) => line.split(/[ :]/).slice(1, 3).join(' ').trim());
  assert.deepEqual(subjects, [
    'node agent',
    'volume data-x',
    'rabbitmq',
    'billing-database',
    'inventory-app',
    'billing-app',
    'api-gateway',
    'autoscaler other',
  ]);
});
