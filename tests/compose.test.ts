import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { readManifests } from '@orchestrator/orchestrator/cluster/manifests.ts';
import { partsOfCompose, partsOfManifests } from './support/compose.ts';
import { root } from './support/readme.ts';

const compose = readFileSync(`${root}compose.yaml`, 'utf8');

/** Files of a pod that Compose has no use for: what its scripts do not read, and the `su` of a user who is not root. */
const leftOut = /^\/etc\/orchestrator\/(?!start\.sh)|^\/usr\/local\/bin\/|^\/run\/secrets\/database\/username$/;

/** What the manifests say, with each difference that Compose must have. */
async function expectedParts() {
  const parts = partsOfManifests(await readManifests());
  for (const part of parts.values()) {
    part.files = Object.fromEntries(Object.entries(part.files).filter(([path]) => !leftOut.test(path)));
  }
  const broker = parts.get('rabbitmq');
  assert.ok(broker);
  // The page is reached through a published port, which takes guest for a stranger; it is published to this machine only.
  const conf = '/etc/rabbitmq/conf.d/90-microservices.conf';
  broker.files[conf] = withoutComments(broker.files[conf] ?? '').replace(
    'loopback_users.guest = true',
    'loopback_users.guest = false',
  );
  broker.published = ['127.0.0.1:15672:15672'];
  broker.health = `nc -z ${broker.health}`;
  // The volume has its right owner only one folder further up.
  assert.deepEqual(broker.data, ['/var/lib/rabbitmq/mnesia']);
  broker.data = ['/var/lib/rabbitmq'];
  broker.command = ['sh', '-c', `mkdir -p /var/lib/rabbitmq/mnesia && exec ${broker.command.join(' ')}`];
  for (const name of ['api-gateway', 'inventory-app', 'billing-app']) {
    const part = parts.get(name);
    assert.ok(part);
    part.health = `wget -q -O /dev/null ${part.health}`;
  }
  return parts;
}

const withoutComments = (text: string): string => text.replaceAll(/^#.*\n/gm, '');

function composed(text: string) {
  const parts = partsOfCompose(text);
  const files = parts.get('rabbitmq')?.files ?? {};
  const conf = '/etc/rabbitmq/conf.d/90-microservices.conf';
  files[conf] = withoutComments(files[conf] ?? '');
  return parts;
}

let expected: Awaited<ReturnType<typeof expectedParts>>;

before(async () => {
  expected = await expectedParts();
});

test('compose.yaml says what the manifests say', () => {
  const parts = composed(compose);
  assert.deepEqual([...parts.keys()].toSorted(), [...expected.keys()].toSorted());
  for (const [name, part] of parts) assert.deepEqual(part, expected.get(name), name);
});

test('its images are built from the Dockerfiles of their names, and may write nothing', () => {
  for (const name of ['api-gateway', 'inventory-app', 'billing-app']) {
    assert.match(
      compose,
      new RegExp(`\n  ${name}:\n    <<: \\*service\n.*\n    build: .*Dockerfiles/${name}/Dockerfile`),
    );
  }
  assert.match(compose, /^x-service: &service\n(?: {2}.*\n)*? {2}read_only: true\n/m);
});

/** Each a copy that must be seen to differ. */
const broken: Array<[from: string | RegExp, to: string]> = [
  ['yourusername}/billing-app:0.1.0', 'yourusername}/billing-app:latest'],
  ['postgres:15-alpine', 'postgres:16-alpine'],
  ["user: '1000:1000'", "user: '0:0'"],
  ["user: '70:70'", "user: '70:0'"],
  ['cap_drop: [ALL]', 'cap_drop: []'],
  ['no-new-privileges:true', 'no-new-privileges:false'],
  ['stop_grace_period: 40s', 'stop_grace_period: 10s'],
  ['mem_limit: 768m', 'mem_limit: 1g'],
  ["'30000:3000'", "'30001:3000'"],
  ["'127.0.0.1:15672:15672'", "'15672:15672'"],
  ['BILLING_URL: http://billing-app:8080', 'BILLING_URL: http://billing-app:80'],
  ['RABBITMQ_PASSWORD: services-demo', 'RABBITMQ_PASSWORD: other'],
  ['billing-password: { content: billing-demo }', 'billing-password: { content: other }'],
  ['source: billing-password, target', 'source: inventory-password, target'],
  ['DATABASE_NAME: orders', 'DATABASE_NAME: billing'],
  ['DATABASE_OWNER: billing_user', 'DATABASE_OWNER: postgres'],
  ["'billing-database:/var/lib/postgresql/data'", "'billing-database:/var/lib/postgresql'"],
  ["['rabbitmq:/var/lib/rabbitmq']", "['broker:/var/lib/rabbitmq']"],
  ['RABBITMQ_NODENAME: rabbit@localhost', 'RABBITMQ_NODENAME: rabbit@rabbitmq'],
  ['heartbeat = 10', 'heartbeat = 60'],
  ['flock 9', 'true'],
  ['exec docker-entrypoint.sh postgres', 'exec postgres'],
  [/\n.*target: \/etc\/rabbitmq.*/, ''],
  ['8080/health/ready', '8080/health/live'],
  [/\n {2}inventory-app:\n(?: {4}.*\n)+/, '\n'],
];

for (const [from, to] of broken) {
  test(`a compose.yaml that differs is seen: ${String(from)} → ${to}`, () => {
    const copy = compose.replace(from, to);
    assert.notEqual(copy, compose);
    assert.notDeepEqual(Object.fromEntries(composed(copy)), Object.fromEntries(expected));
  });
}
