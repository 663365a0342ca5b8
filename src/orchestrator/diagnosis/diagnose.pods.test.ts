import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, testCauses, theCause } from './diagnose.cases.ts';
import { ago, crashed, event, logOf, pod, pulling, unschedulable, waiting, workload } from './diagnose.fixtures.ts';
import type { Snapshot } from './snapshot.ts';

const gateway = 'api-gateway';

test('a system that is well has no findings', () => {
  assert.deepEqual(found({}), []);
});

testCauses([
  [
    'a Secret is missing',
    { pods: [pod('billing-app', { status: waiting('CreateContainerConfigError', 'secret "rabbitmq" not found') })] },
    'error billing-app: the Secret rabbitmq is missing',
    true,
  ],
  [
    'a key of a Secret is missing',
    {
      pods: [
        pod('billing-app', {
          status: waiting('CreateContainerConfigError', "couldn't find key username in Secret microservices/rabbitmq"),
        }),
      ],
    },
    'error billing-app: the Secret rabbitmq has no key username',
    true,
  ],
  [
    'the image would run as root',
    {
      pods: [
        pod('billing-app', {
          status: waiting(
            'CreateContainerConfigError',
            'container has runAsNonRoot and image will run as root (pod: "billing-app-0")',
          ),
        }),
      ],
    },
    'error billing-app: its image would run as root, which the manifest forbids',
    true,
  ],
  [
    'a Secret that is mounted is missing',
    {
      pods: [pod('billing-app', { status: waiting('ContainerCreating') })],
      events: [
        event(
          'Pod/billing-app-0',
          'FailedMount',
          'MountVolume.SetUp failed for volume "rabbitmq" : secret "rabbitmq" not found',
        ),
      ],
    },
    'error billing-app: the Secret rabbitmq is missing',
    false,
  ],
  [
    'a volume cannot be mounted',
    {
      pods: [pod('billing-database', { status: waiting('ContainerCreating') })],
      events: [
        event(
          'Pod/billing-database-0',
          'FailedMount',
          'MountVolume.NewMounter initialization failed for volume "pv" : path "/x" does not exist',
        ),
      ],
    },
    'error billing-database: its volumes cannot be set up',
    false,
  ],
  [
    'our service names what is wrong in its configuration',
    {
      pods: [pod('inventory-app', { status: crashed(1) })],
      ...logOf(
        'inventory-app',
        'The configuration is not usable:\n  - DATABASE_HOST is not set\n  - PORT must be a whole number\n',
      ),
    },
    'error inventory-app: its configuration is not usable: DATABASE_HOST is not set; PORT must be a whole number',
    true,
  ],
  [
    'a program ends by itself, over and over',
    {
      pods: [pod('inventory-app', { status: crashed(1) })],
      ...logOf('inventory-app', 'TypeError: x is not a function'),
    },
    'error inventory-app: its program ended (exit code 1) and was started again (4 times so far)',
    false,
  ],
  [
    'a program ends in peace, over and over',
    { pods: [pod('rabbitmq', { status: crashed(0, 1, 'Completed') })] },
    'error rabbitmq: its program ended (exit code 0) and was started again (once so far)',
    false,
  ],
  [
    'a program is killed',
    { pods: [pod('inventory-app', { status: crashed(139) })] },
    'error inventory-app: its program ended (exit code 139, SIGSEGV) and was started again (4 times so far)',
    false,
  ],
  [
    'a program needs too much memory, and is well again for the moment',
    {
      pods: [
        pod('rabbitmq', {
          status: { ...crashed(137, 2, 'OOMKilled'), ready: true, state: { running: { startedAt: ago(30) } } },
        }),
      ],
    },
    'warning rabbitmq: it needed more memory than its limit and was killed (OOMKilled, 2 times so far)',
    false,
  ],
  [
    'a program does not answer its liveness probe',
    {
      pods: [pod('inventory-app', { status: crashed(137) })],
      events: [
        event(
          'Pod/inventory-app-6bb9d67b86-kbvx6',
          'Killing',
          'Container inventory-app failed liveness probe, will be restarted',
          'Normal',
        ),
      ],
    },
    'error inventory-app: it did not answer its liveness probe and was started again (4 times so far)',
    false,
  ],
  [
    'PostgreSQL refuses the folder of its volume',
    {
      pods: [pod('billing-database', { status: crashed(1) })],
      ...logOf('billing-database', 'FATAL:  data directory "/var/lib/postgresql/data/pgdata" has wrong ownership'),
    },
    "error billing-database: the folder of its volume does not belong to PostgreSQL's user",
    false,
  ],
  [
    'an older program meets a newer schema',
    {
      pods: [pod('billing-app', { status: crashed(1) })],
      ...logOf(
        'billing-app',
        '{"level":"error","err":"the database has schema version 3, this program knows 2: deploy a newer version of the program"}',
      ),
    },
    'error billing-app: it is older than the schema of its database, and refuses to touch it',
    true,
  ],
  [
    'no node has the memory',
    { pods: [pod('rabbitmq', { condition: unschedulable('2 Insufficient memory') })] },
    'error rabbitmq: no node has enough memory left for it',
    false,
  ],
  [
    'a taint keeps it away',
    { pods: [pod('rabbitmq', { condition: unschedulable('2 node(s) had untolerated taint {dedicated: batch}') })] },
    'error rabbitmq: the nodes keep it away by the taint dedicated',
    false,
  ],
  [
    'a readiness probe fails',
    {
      pods: [pod(gateway, { status: { ready: false } })],
      events: [
        event(
          'Pod/api-gateway-6bb9d67b86-kbvx6',
          'Unhealthy',
          'Readiness probe failed: HTTP probe failed with statuscode: 503',
        ),
      ],
    },
    'error api-gateway: its program runs and has not been ready for 5 min: Readiness probe failed: HTTP probe failed with statuscode: 503',
    false,
  ],
  [
    'an old pod does not end',
    { pods: [pod('rabbitmq'), pod('rabbitmq', { name: 'rabbitmq-old', deletionTimestamp: ago(300) })] },
    'error rabbitmq: its old pod rabbitmq-old does not end on the node master',
    false,
  ],
  [
    'a pod was evicted',
    { pods: [pod(gateway), pod(gateway, { name: 'api-gateway-old', phase: 'Failed' })] },
    'warning api-gateway: a pod of it has failed and stays as a trace (no reason given)',
    false,
  ],
]);

test('the evidence of a crash is what the program said last', () => {
  const change = { pods: [pod('inventory-app', { status: crashed(1) })], ...logOf('inventory-app', 'one\ntwo') };
  assert.equal(theCause(change).evidence, 'one\ntwo');
});

test('what is normal for a while is no finding', () => {
  const normal: Partial<Snapshot>[] = [
    { pods: [pod(gateway, { status: waiting('ContainerCreating'), createdAgo: 20 })] },
    { pods: [pod('rabbitmq'), pod('rabbitmq', { name: 'rabbitmq-old', deletionTimestamp: ago(10) })] },
    // Restarted once, half an hour ago.
    {
      pods: [
        pod(gateway, {
          status: { restartCount: 1, lastState: { terminated: { exitCode: 1, finishedAt: ago(1800) } } },
        }),
      ],
    },
    // Ended in order, and is back.
    {
      pods: [
        pod(gateway, { status: { restartCount: 1, lastState: { terminated: { exitCode: 0, finishedAt: ago(60) } } } }),
      ],
    },
  ];
  for (const change of normal) assert.deepEqual(found(change), []);
});

test('a StatefulSet that waits for a broken pod is told to delete it', () => {
  const sick = pod('billing-database', { revision: 'billing-database-1', status: pulling('x', 'not found') });
  const set = workload('billing-database', { status: { replicas: 1, updateRevision: 'billing-database-2' } });
  const cause = theCause({ pods: [sick], workloads: [set] });
  assert.match(cause.message, /a corrected version is there, but a StatefulSet does not replace a pod/);
  assert.match(cause.cure, /^kubectl delete pod billing-database-0 -n microservices/);
  const parallel = { ...set, spec: { ...set.spec, podManagementPolicy: 'Parallel' as const } };
  assert.doesNotMatch(theCause({ pods: [sick], workloads: [parallel] }).cure, /delete pod/);
});
