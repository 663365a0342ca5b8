import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ago,
  crashed,
  event,
  found,
  now,
  pod,
  snapshot,
  theCause,
  unschedulable,
  waiting,
  workload,
} from './diagnose.fixtures.ts';
import { diagnose } from './diagnose.ts';
import { isHopeless } from './diagnosis.ts';
import type { Snapshot } from './snapshot.ts';

test('a system that is well has no findings', () => {
  assert.deepEqual(found({}), []);
});

const pull = (image: string, words: string) =>
  waiting(
    'ImagePullBackOff',
    `Back-off pulling image "${image}": ErrImagePull: failed to pull and unpack image: ${words}`,
  );
const gateway = 'api-gateway';
const log = (name: string, text: string): Partial<Snapshot> => ({
  logs: { [`${name}/${name.replace(/-6bb9d67b86-kbvx6|-0$/, '')}`]: text },
});

/** One pod in trouble: what is found, and whether waiting is in vain. */
const causes: [title: string, change: Partial<Snapshot>, line: string, hopeless: boolean][] = [
  [
    'the placeholder is left in an image name',
    {
      pods: [pod(gateway, { status: { ...pull('x', 'pull access denied'), image: 'yourusername/api-gateway:0.1.0' } })],
    },
    'error api-gateway: the image name still has the placeholder yourusername',
    true,
  ],
  [
    'the repository does not exist or is private',
    {
      pods: [
        pod(gateway, {
          status: pull(
            'me/api-gateway',
            'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
          ),
        }),
      ],
    },
    'error api-gateway: the registry has no docker.io/me/api-gateway, or it is private',
    true,
  ],
  [
    'the tag does not exist',
    {
      pods: [
        pod(gateway, {
          status: waiting(
            'ErrImagePull',
            'failed to resolve reference "docker.io/me/api-gateway:0.1.0": docker.io/me/api-gateway:0.1.0: not found',
          ),
        }),
      ],
    },
    'error api-gateway: the registry has no docker.io/me/api-gateway:0.1.0',
    true,
  ],
  [
    'Docker Hub limits downloads',
    {
      pods: [
        pod(gateway, {
          status: pull(
            'me/x',
            'unexpected status code 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit',
          ),
        }),
      ],
    },
    'error api-gateway: Docker Hub refuses more downloads from this address for now (its rate limit)',
    false,
  ],
  [
    'the nodes reach no registry',
    {
      pods: [
        pod(gateway, {
          status: pull(
            'me/x',
            'failed to do request: Head "https://registry-1.docker.io/v2/me/x/manifests/1": dial tcp: lookup registry-1.docker.io on 10.0.2.3:53: read udp 10.0.2.15:38693->10.0.2.3:53: i/o timeout',
          ),
        }),
      ],
    },
    'error api-gateway: the nodes do not reach the registry',
    false,
  ],
  [
    'an older Kubernetes gives the reason in the events only',
    {
      pods: [pod(gateway, { status: waiting('ImagePullBackOff', 'Back-off pulling image "me/x:1"') })],
      events: [
        event('Pod/api-gateway-6bb9d67b86-kbvx6', 'Failed', 'Error: ImagePullBackOff'),
        event(
          'Pod/api-gateway-6bb9d67b86-kbvx6',
          'Failed',
          'Failed to pull image "me/x:1": no match for platform in manifest: not found',
        ),
      ],
    },
    'error api-gateway: there is no docker.io/me/api-gateway:0.1.0 for the CPU of the node',
    true,
  ],
  [
    'the image name is none',
    {
      pods: [
        pod(gateway, {
          status: {
            ...waiting('InvalidImageName', 'Failed to apply default image tag "Me/x:1": couldn\'t parse image name'),
            image: 'Me/x:1',
          },
        }),
      ],
    },
    'error api-gateway: Me/x:1 is not the name of an image',
    true,
  ],
  [
    'the image is not on the node and must not be fetched',
    {
      pods: [
        pod(gateway, {
          status: {
            ...waiting('ErrImageNeverPull', 'Container image "me/x:1" is not present with pull policy of Never'),
            image: 'me/x:1',
          },
        }),
      ],
    },
    'error api-gateway: the image me/x:1 is not on the node, and its pull policy forbids to fetch it',
    true,
  ],
  [
    'the image is for another CPU',
    {
      pods: [pod(gateway, { status: crashed(255) })],
      ...log('api-gateway-6bb9d67b86-kbvx6', 'exec /usr/local/bin/node: exec format error'),
    },
    "error api-gateway: the image docker.io/me/api-gateway:0.1.0 is made for another CPU than the node's",
    true,
  ],
  [
    'the command is not in the image',
    {
      pods: [
        pod(gateway, {
          status: {
            ...waiting(
              'RunContainerError',
              'OCI runtime create failed: exec: "nosuch": executable file not found in $PATH: unknown',
            ),
            restartCount: 2,
          },
        }),
      ],
    },
    'error api-gateway: the command of its container is not in the image docker.io/me/api-gateway:0.1.0',
    true,
  ],
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
    true,
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
      ...log(
        'inventory-app-6bb9d67b86-kbvx6',
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
      ...log('inventory-app-6bb9d67b86-kbvx6', 'TypeError: x is not a function'),
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
      ...log('billing-database-0', 'FATAL:  data directory "/var/lib/postgresql/data/pgdata" has wrong ownership'),
    },
    "error billing-database: the folder of its volume does not belong to PostgreSQL's user",
    false,
  ],
  [
    'an older program meets a newer schema',
    {
      pods: [pod('billing-app', { status: crashed(1) })],
      ...log(
        'billing-app-0',
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
];

for (const [title, change, line, hopeless] of causes) {
  test(title, () => {
    const cause = theCause(change);
    assert.equal(`${cause.level} ${cause.subject}: ${cause.message}`, line);
    assert.equal(isHopeless(cause), hopeless);
    assert.notEqual(cause.cure, '');
  });
}

test('the evidence is what the log said last, or what the kubelet said', () => {
  const change = {
    pods: [pod('inventory-app', { status: crashed(1) })],
    ...log('inventory-app-6bb9d67b86-kbvx6', 'one\ntwo'),
  };
  assert.equal(theCause(change).evidence, 'one\ntwo');
  const pulling = { pods: [pod(gateway, { status: pull('me/x:1', 'denied: no') })] };
  assert.equal(theCause(pulling).evidence, 'ErrImagePull: failed to pull and unpack image: denied: no');
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

test('pods with the same cause are one finding', () => {
  const status = pull('x', 'pull access denied');
  const change = {
    pods: ['api-gateway', 'inventory-app', 'billing-app'].map((name) =>
      pod(name, { status: { ...status, image: `yourusername/${name}:0.1.0` } }),
    ),
  };
  assert.deepEqual(found(change), [
    'error api-gateway, inventory-app, billing-app: the image name still has the placeholder yourusername',
  ]);
});

test('one pod of two that is not ready is a warning', () => {
  const change = { pods: [pod(gateway), pod(gateway, { name: 'api-gateway-2', status: { ready: false } })] };
  assert.deepEqual(
    diagnose(snapshot(change), now).map(({ level }) => level),
    ['warning'],
  );
});

test('services that wait for what is broken are told with it', () => {
  const change = {
    pods: [
      pod('inventory-database', { status: crashed(1) }),
      pod('rabbitmq', { condition: unschedulable('2 Insufficient cpu') }),
      pod('inventory-app', { status: { ready: false } }),
      pod(gateway, { status: { ready: false } }),
    ],
  };
  assert.deepEqual(found(change), [
    'error rabbitmq: no node has enough cpu left for it; api-gateway waits for it',
    'error inventory-database: its program ended (exit code 1) and was started again (4 times so far); inventory-app waits for it',
  ]);
});

test('a StatefulSet that waits for a broken pod is told to delete it', () => {
  const sick = pod('billing-database', { revision: 'billing-database-1', status: pull('x', 'not found') });
  const set = workload('billing-database', { status: { replicas: 1, updateRevision: 'billing-database-2' } });
  const cause = theCause({ pods: [sick], workloads: [set] });
  assert.match(cause.message, /a corrected version is there, but a StatefulSet does not replace a pod/);
  assert.match(cause.cure, /^kubectl delete pod billing-database-0 -n microservices/);
  const parallel = { ...set, spec: { ...set.spec, podManagementPolicy: 'Parallel' as const } };
  assert.doesNotMatch(theCause({ pods: [sick], workloads: [parallel] }).cure, /delete pod/);
});
