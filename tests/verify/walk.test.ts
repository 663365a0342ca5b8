import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { text } from 'node:stream/consumers';
import { servicesFolder } from '@orchestrator/orchestrator/local/components.ts';
import { lockTarget } from '@orchestrator/orchestrator/target/lock.ts';
import type { LocalSystem } from '@orchestrator/orchestrator/target/target.ts';
import { pass } from '@orchestrator/orchestrator/verify/check.ts';
import type { Check } from '@orchestrator/orchestrator/verify/check.ts';
import { allChecks } from '@orchestrator/orchestrator/verify/checks.ts';
import { walk } from '@orchestrator/orchestrator/verify/walk.ts';
import { eventually } from '../support/eventually.ts';
import { readJunit } from '../support/junit.ts';
import { startLocalSystem } from '../support/local-system.ts';
import { root } from '../support/readme.ts';
import { snapshotOf } from '../support/snapshot.ts';

const here = allChecks.filter(({ where }) => where !== 'cluster').map(({ id }) => id);

/** Until a walk that runs as a program is at the point that is waited for. */
const pointTimeoutMs = 60_000;

let system: LocalSystem;

before(async (t) => {
  system = await startLocalSystem(t, servicesFolder);
});

interface Run {
  code: unknown;
  stdout: string;
  stderr: string;
}

/** The command as a user types it, in a terminal that is none. */
function start(...args: string[]): { child: ChildProcess; ended: Promise<Run>; told: () => string } {
  const child = spawn(`${root}orchestrator.sh`, ['verify', 'local', '--data', system.dir, ...args], {
    env: { ...process.env, NO_COLOR: '1', CI: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part));
  const ended = Promise.all([once(child, 'close'), text(child.stdout)]).then(([[code], stdout]) => {
    return { code: code as unknown, stdout, stderr };
  });
  return { child, ended, told: () => stderr };
}

const verify = (...args: string[]): Promise<Run> => start(...args).ended;

interface Report {
  passed: number;
  failed: number;
  notApplicable: number;
  checks: { id: string; result: string; reason?: string }[];
  notLookedAt?: string[];
}

test('on a healthy system every promise that this machine can look at passes, and there is no trace', async () => {
  const snapshot = await snapshotOf(system);
  const html = join(system.dir, 'report.html');
  const { code, stdout, stderr } = await verify('-o', 'json', '--html', html);
  const { checks, ...counts } = JSON.parse(stdout) as Report;
  const bad = checks.filter(({ id, result }) => result !== (here.includes(id) ? 'pass' : 'not applicable'));
  assert.deepEqual(bad, [], stderr);
  assert.equal(code, 0);
  assert.deepEqual([counts.passed, counts.failed], [here.length, 0]);
  assert.match(await readFile(html, 'utf8'), new RegExp(`${here.length} passed, 0 failed`));
  await rm(html);
  assert.deepEqual(await snapshotOf(system), snapshot);
});

/** What people have in their system, dead letters among it. */
async function fillWithOthers(): Promise<void> {
  const [gateway] = system.gateways;
  const post = async (path: string, body: object): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(gateway + path, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.equal(response.status, 200, await response.text());
  };
  await post('/api/movies', { title: 'A new movie', description: 'Very short description' });
  await post('/api/movies', { title: 'verify-this', description: 'no tag of ours' });
  for (const user of ['20', '837439', 'verify-me']) {
    await post('/api/billing', { user_id: user, number_of_items: '99', total_amount: '250' });
  }
  for (const payload of ['not an order', '{"user_id":"verify-me","number_of_items":"0","total_amount":"1"}']) {
    await system.broker.manage('POST', '/exchanges/%2F/amq.default/publish', {
      routing_key: 'billing_queue',
      payload,
      payload_encoding: 'string',
      properties: {},
    });
  }
  await eventually(async () => {
    assert.equal((await system.query('billing', 'SELECT FROM orders')).length, 3);
    const dead = await system.broker.withChannel((channel) => channel.checkQueue('billing_queue.dead'));
    assert.equal(dead.messageCount, 2);
  });
}

test('what belongs to others stays, and deleting all movies is not tried on theirs', async () => {
  await fillWithOthers();
  const snapshot = await snapshotOf(system);
  const { code, stdout } = await verify('--gentle', '-o', 'json');
  const report = JSON.parse(stdout) as Report;
  assert.deepEqual([code, report.failed], [0, 0], stdout);
  const all = report.checks.find(({ id }) => id === 'movies.delete-all');
  assert.match(all?.reason ?? '', /the 2 movies that are not of this walk/);
  const left = report.checks.filter(({ reason }) => reason === 'left out with --gentle').map(({ id }) => id);
  const disturbing = allChecks.filter(({ id, disturbs }) => disturbs && here.includes(id)).map(({ id }) => id);
  assert.deepEqual(left, disturbing);
  assert.deepEqual(await snapshotOf(system), snapshot);
});

for (const [signal, id, point] of [
  ['SIGINT', 'orders.stopped-billing', 'stopping billing-app'],
  ['SIGTERM', 'orders.commit-before-ack', 'locking the table'],
] as const) {
  test(`${signal} while ${point}: it cleans up, exits with 130 and says what was not looked at`, async () => {
    const snapshot = await snapshotOf(system);
    const { child, ended, told } = start('--only', `movies.create,${id},data`, '-o', 'json');
    await eventually(() => assert.ok(told().includes(point), told()), pointTimeoutMs);
    process.kill(child.pid ?? 0, signal);
    const { code, stdout, stderr } = await ended;
    assert.equal(code, 130, stderr);
    const { checks, notLookedAt = [] } = JSON.parse(stdout) as Report;
    assert.deepEqual(
      checks.map(({ id }) => id),
      ['movies.create'],
    );
    const kept = allChecks.map((check) => check.id).filter((each) => each.startsWith('data.'));
    assert.ok(kept.length >= 3);
    assert.deepEqual(notLookedAt, [id, ...kept]);
    assert.deepEqual(await snapshotOf(system), snapshot);
  });
}

for (const [id, point] of [
  ['errors.queue-full', 'stopping billing-app'],
  ['orders.commit-before-ack', 'locking the table'],
] as const) {
  test(`killed while ${point} (${id}): the next one removes what is left, and mends`, async () => {
    const snapshot = await snapshotOf(system);
    const { child, ended, told } = start('--only', `movies.create,orders.accept,${id}`);
    await eventually(() => assert.ok(told().includes(point), told()), pointTimeoutMs);
    child.kill('SIGKILL');
    await ended;
    await eventually(async () => assert.notDeepEqual(await snapshotOf(system), snapshot), 5_000);
    const { code, stdout, stderr } = await verify('--only', 'health.gateway,health.services');
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual(await snapshotOf(system), snapshot);
  });
}

test('two at once do not collide', async () => {
  using _first = await lockTarget(system, 'verify');
  const { code, stderr } = await verify('--only', 'health.gateway');
  assert.equal(code, 74);
  assert.match(stderr, /Another command tries this system already/);
});

test('a part that somebody has stopped is named, with how to start it', async () => {
  await system.stop('inventory-app');
  try {
    const { code, stderr } = await verify('--only', 'health.gateway');
    assert.equal(code, 64);
    assert.match(stderr, /Stopped: inventory-app\.[^]*local --data \S+ start inventory-app/);
  } finally {
    await system.start('inventory-app');
  }
});

test('a broken promise is exit code 78, in each form of the report', async () => {
  await system.execute('inventory', 'ALTER TABLE movies ALTER COLUMN title TYPE varchar(255)');
  try {
    const only = ['--only', 'database'];
    const plain = await verify(...only);
    assert.equal(plain.code, 78);
    assert.match(plain.stdout, /^FAIL {2}database\.movies .*\n {6}movies has .*\n {6}→ Tables are made by/m);
    assert.match(plain.stdout, /^3 passed, 1 failed, 0 not applicable/m);
    assert.ok(!plain.stdout.includes('\u001B'));
    const junit = await verify(...only, '-o', 'junit');
    assert.equal(junit.code, 78);
    assert.equal(readJunit(junit.stdout).attributes['failures'], '1');
  } finally {
    await system.execute('inventory', 'ALTER TABLE movies ALTER COLUMN title TYPE text');
  }
});

test('wrong command lines are exit code 2, and name what was meant', async () => {
  for (const [args, message] of [
    [['--only', 'movies.lst'], /no check movies\.lst\. Did you mean movies\.list\?/],
    [['-o', 'xml'], /no output format xml/],
    [['--context', 'x'], /--context belongs to cluster/],
    [['cluster'], /one argument too many/],
  ] as const) {
    const { code, stderr } = await verify(...args);
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, message);
  }
});

test('an error that a check throws is its failure, and the walk goes on', async () => {
  const checkOf = (id: string, run: Check['run']): Check => ({ id, promise: id, run });
  const checks = [
    checkOf('a.throws', async () => {
      throw new Error('fell over');
    }),
    checkOf('a.passes', async () => pass('seen')),
    { ...checkOf('a.elsewhere', async () => pass('never')), where: 'cluster' as const },
  ];
  const { looked } = await walk(system, checks, {
    gentle: false,
    signal: new AbortController().signal,
    say: () => undefined,
  });
  assert.deepEqual(
    looked.map(({ outcome }) => outcome.result),
    ['fail', 'pass', 'not applicable'],
  );
  assert.ok(looked[0]?.outcome.result === 'fail' && looked[0].outcome.evidence === 'fell over');
});
