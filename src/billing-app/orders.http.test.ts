import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import type { OrderState, StoredOrder } from '@orchestrator/contracts/order.ts';
import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import { brokerEnv, createVhost, publish } from '../../tests/support/broker.ts';
import { createDatabase, databaseEnv, query } from '../../tests/support/database.ts';
import { eventually } from '../../tests/support/eventually.ts';
import { runToEnd, startService } from '../../tests/support/service.ts';
import { startTcpProxy } from '../../tests/support/tcp-proxy.ts';

let database: DatabaseConfig;
let broker: BrokerConfig;
let url: string;

before(async (t) => {
  [database, broker] = [await createDatabase(t), await createVhost(t)];
  ({ url } = await startService(t, 'billing-app', {
    ...databaseEnv(database),
    ...brokerEnv(broker),
  }));
});

interface Answer<Body> {
  status: number;
  headers: Headers;
  body: Body;
}

async function get<Body>(path: string, method = 'GET'): Promise<Answer<Body>> {
  const answer = await fetch(url + path, { method });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Body };
}

test('a stored order is read back, with the amount exactly as it is kept', async () => {
  const id = randomUUID();
  const body = '{"user_id":20,"number_of_items":"99","total_amount":250.1}';
  await publish(broker, [{ body, properties: { messageId: id } }]);
  await eventually(async () => {
    const answer = await get(`/api/billing/${id.toUpperCase()}/`);
    assert.deepEqual(
      [answer.status, answer.body],
      [200, { tracking_id: id, state: 'stored', user_id: '20', number_of_items: '99', total_amount: '250.10' }],
    );
    assert.equal(answer.headers.get('cache-control'), 'no-store');
  });
});

test('a rejected order is read back with its reason and the values that could be read', async () => {
  const id = randomUUID();
  const body = '{"user_id":"20","number_of_items":"-1"}';
  await publish(broker, [{ body, properties: { messageId: id } }]);
  await eventually(async () => {
    const answer = await get<OrderState>(`/api/billing/${id}`);
    assert.equal(answer.status, 200);
    const { reason, ...rest } = answer.body;
    assert.deepEqual(rest, {
      tracking_id: id,
      state: 'rejected',
      user_id: '20',
      number_of_items: '-1',
      total_amount: null,
    });
    assert.match(
      reason ?? '',
      /number_of_items must be a whole number.*total_amount is missing|total_amount is missing.*number_of/,
    );
  });
});

test('what is not recorded is not found, and may still be in the queue', async () => {
  for (const id of [randomUUID(), 'abc', '1', 'x'.repeat(64), '%00', `${randomUUID()}x`]) {
    const answer = await get(`/api/billing/${id}`);
    assert.equal(answer.status, 404, id);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  }
  assert.match((await get<{ detail: string }>(`/api/billing/${randomUUID()}`)).body.detail, /still be in the queue/);
});

test('the list is newest first, and its pages lead through all orders without repeating one', async () => {
  await query(
    database,
    `INSERT INTO orders (user_id, number_of_items, total_amount, tracking_id)
      SELECT n::text, 1, n, gen_random_uuid() FROM generate_series(1, 250) AS n`,
  );
  assert.equal((await get<StoredOrder[]>('/api/billing')).body.length, 20);
  const seen: number[] = [];
  for (let next: string | undefined = '/api/billing?limit=100'; next;) {
    const { status, headers, body }: Answer<StoredOrder[]> = await get(next);
    assert.equal(status, 200);
    seen.push(...body.map(({ id }) => id));
    next = /^<(.+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
  }
  const rows = await query<{ id: number }>(database, 'SELECT id::int FROM orders ORDER BY id DESC');
  assert.deepEqual(
    seen,
    rows.map(({ id }) => id),
  );

  const [newest] = (await get<StoredOrder[]>('/api/billing?limit=1')).body;
  assert.equal(newest?.id, rows[0]?.id);
  assert.deepEqual([newest?.state, newest?.user_id, newest?.total_amount], ['stored', '250', '250.00']);
  const beyond = await get('/api/billing?after=0');
  assert.deepEqual([beyond.body, beyond.headers.get('link')], [[], null]);
});

test('a wrong page is 422, a wrong method 405', async () => {
  for (const wrong of [
    'limit=0',
    'limit=101',
    'limit=x',
    'limit=1&limit=2',
    'after=-1',
    'after=1e400',
    'after=99999999999999999999',
  ]) {
    assert.equal((await get(`/api/billing?${wrong}`)).status, 422, wrong);
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    const answer = await get('/api/billing', method);
    assert.equal(answer.status, 405);
    assert.match(answer.headers.get('allow') ?? '', /GET/);
  }
});

test('without database and broker it is live and not ready, and says in time that it cannot read', async (t) => {
  const own = await createDatabase(t);
  const [toDatabase, toBroker] = [await startTcpProxy(t, own.port), await startTcpProxy(t, broker.port)];
  const proxies = [toDatabase, toBroker];
  for (const proxy of proxies) proxy.set('reset');
  const { url } = await startService(
    t,
    'billing-app',
    {
      ...databaseEnv({ ...own, host: '127.0.0.1', port: toDatabase.port }),
      ...brokerEnv({ ...(await createVhost(t)), host: '127.0.0.1', port: toBroker.port }),
    },
    '/health/live',
  );

  async function away(): Promise<void> {
    assert.equal((await fetch(`${url}/health/live`)).status, 200);
    assert.equal((await fetch(`${url}/health/ready`)).status, 503);
    for (const path of ['/api/billing', `/api/billing/${randomUUID()}`]) {
      const beganMs = performance.now();
      const answer = await fetch(url + path);
      assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '1']);
      assert.equal(((await answer.json()) as { code: string }).code, 'database_unavailable');
      assert.ok(performance.now() - beganMs < 5000);
    }
  }
  const ready = async (): Promise<void> => assert.equal((await fetch(`${url}/health/ready`)).status, 200);

  await away();
  toDatabase.set('pass');
  await eventually(async () => assert.equal((await fetch(`${url}/api/billing`)).status, 200));
  assert.equal((await fetch(`${url}/health/ready`)).status, 503);
  toBroker.set('pass');
  await eventually(ready);
  toDatabase.set('blackhole');
  await away();
  toDatabase.set('pass');
  await eventually(ready);
});

test('a configuration that cannot work is told at once, all of it', async () => {
  const { code, logs } = await runToEnd('billing-app', { RABBITMQ_PORT: 'x', LOG_LEVEL: 'loud' });
  assert.equal(code, 1);
  for (const name of ['DATABASE_HOST', 'DATABASE_PASSWORD_FILE', 'RABBITMQ_PORT', 'RABBITMQ_USER', 'LOG_LEVEL']) {
    assert.match(logs, new RegExp(name));
  }
});
