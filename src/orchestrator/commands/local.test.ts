import assert from 'node:assert/strict';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CommandError, run, startInBackground } from '../exec.ts';
import type { BackgroundProcess } from '../exec.ts';
import type { Status } from '../local/control.ts';
import { tailOf } from '../local/log-file.ts';
import { freePort, isFree } from '../local/ports.ts';
import { portPlan } from '../local/ports.plan.ts';
import { removePostgres } from '../local/postgres.binaries.ts';
import { endLeftovers } from '../local/run.ts';
import { done, notYet, until } from '../wait.ts';

const script = fileURLToPath(new URL('../../../orchestrator.sh', import.meta.url));
const order = { user_id: '20', number_of_items: '99', total_amount: '250' };

let dir: string;
let base: number;
let system: BackgroundProcess;

const local = (...argv: string[]): Promise<string> =>
  run([script, 'local', '--data', dir, ...argv], { timeoutMs: 120_000 });

async function startSystem(): Promise<void> {
  const logFile = join(dir, `output-${performance.now()}`);
  system = await startInBackground([script, 'local', '--data', dir, '--port', String(base)], { logFile });
  let ended = false;
  void system.exited.then(() => (ended = true));
  await until('the system is ready', 90_000, async () => {
    const output = await readFile(logFile, 'utf8');
    assert.ok(!ended, output);
    return output.includes('Ctrl-C stops everything') ? done(undefined) : notYet(await tailOf(logFile, 3));
  });
}

async function freeBlock(): Promise<number> {
  for (;;) {
    const candidate = await freePort();
    const free = await Promise.all(Object.values(portPlan(candidate)).map(isFree));
    if (free.every(Boolean)) return candidate;
  }
}

async function status(): Promise<Status> {
  return JSON.parse(await local('status', '-o', 'json')) as Status;
}

async function component(name: string) {
  const found = (await status()).components.find((candidate) => candidate.name === name);
  assert.ok(found);
  return found;
}

/** As a careful client: again with the same key until it is accepted, for a gateway may still be finding its broker. */
async function postOrder(userId: string): Promise<void> {
  const send = async () => {
    const response = await fetch(`http://127.0.0.1:${base}/api/billing`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `order-of-${userId}` },
      body: JSON.stringify({ ...order, user_id: userId }),
    });
    const body = await response.text();
    assert.ok([200, 503].includes(response.status), body);
    return response.status === 200 ? done(undefined) : notYet(body);
  };
  await until(`the order of ${userId} is accepted`, 30_000, send, { everyMs: 250 });
}

const storedUsers = async (): Promise<string[]> =>
  (await local('psql', 'billing', '-AtXc', 'SELECT user_id FROM orders ORDER BY id')).split('\n').filter(Boolean);

const isStored = (...users: string[]) =>
  until(`stored orders are of ${users.join()}`, 30_000, async () => {
    const stored = await storedUsers();
    return stored.join() === users.join() ? done(undefined) : notYet(stored.join());
  });

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'orchestrator-local-'));
  base = await freeBlock();
  await startSystem();
});

after(async () => {
  await local('down').catch(() => undefined);
  await endLeftovers(dir);
  for (const name of ['inventory-database', 'billing-database']) await removePostgres(join(dir, name));
  await removePostgres(dir);
});

test('an order waits in the queue while billing-app is stopped, and is stored when it is back', async () => {
  await postOrder('20');
  await isStored('20');
  assert.equal(await local('stop', 'billing-app'), 'billing-app stopped\n');
  await postOrder('22');
  assert.equal((await component('billing-app')).phase, 'stopped');
  assert.deepEqual(await storedUsers(), ['20']);
  assert.equal(await local('start', 'billing-app'), 'billing-app started\n');
  await isStored('20', '22');
});

test('movies are kept in their own database', async () => {
  const response = await fetch(`http://127.0.0.1:${base}/api/movies`);
  assert.deepEqual([response.status, await response.json()], [200, []]);
  assert.match(await local('psql', 'inventory', '-AtXc', 'TABLE movies'), /^$/);
});

test('a second system on the same folder is refused, and the first one does not notice', async () => {
  const { pid } = await status();
  await assert.rejects(local('--port', String(base)), (error) => {
    assert.ok(error instanceof CommandError);
    assert.equal(error.exit.code, 65);
    assert.match(error.output, new RegExp(`runs already .*pid ${pid}`));
    return true;
  });
  assert.equal((await status()).pid, pid);
});

test('killed parts come back by themselves, with their data', async () => {
  const names = ['api-gateway', 'inventory-app', 'billing-app', 'rabbitmq', 'inventory-database', 'billing-database'];
  const killed = await Promise.all(names.map(component));
  for (const { pid } of killed) process.kill(pid ?? assert.fail('no pid'), 'SIGKILL');
  await until('all are back', 60_000, async () => {
    const { components } = await status();
    const back = components.every(({ phase, restarts }) => phase === 'ready' && restarts > 0);
    return back ? done(undefined) : notYet(JSON.stringify(components));
  });
  await postOrder('23');
  await isStored('20', '22', '23');
});

test('after the supervisor was killed, the next start ends what it left and has all the data', async () => {
  const { pid } = await status();
  process.kill(pid, 'SIGKILL');
  await system.exited;
  await startSystem();
  await isStored('20', '22', '23');
});

test('down stops everything and frees the ports; exit codes tell that nothing runs', async () => {
  assert.equal(await local('down'), 'the system is stopped\n');
  assert.deepEqual(await system.exited, { code: 0, signal: null });
  const free = await Promise.all(Object.values(portPlan(base)).map(isFree));
  assert.ok(free.every(Boolean));
  assert.equal(await local('down'), 'the system does not run\n');
  await assert.rejects(local('status'), (error) => error instanceof CommandError && error.exit.code === 64);
});
