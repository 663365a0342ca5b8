import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import { brokerEnv, createVhost, readDeadLetters } from './support/broker.ts';
import { createDatabase, databaseEnv } from './support/database.ts';
import { eventually } from './support/eventually.ts';
import { readRows, runService } from './support/system.ts';
import type { ServiceProgram } from './support/system.ts';

let gateways: [ServiceProgram, ServiceProgram];
let billing: ServiceProgram;
let broker: BrokerConfig;
let orders: DatabaseConfig;

before(async (scope) => {
  broker = await createVhost(scope);
  orders = await createDatabase(scope);
  const inventory = await runService(scope, 'inventory-app', databaseEnv(await createDatabase(scope)));
  billing = await runService(scope, 'billing-app', { ...databaseEnv(orders), ...brokerEnv(broker) });
  const env = { ...brokerEnv(broker), INVENTORY_URL: inventory.url, BILLING_URL: billing.url };
  gateways = [await runService(scope, 'api-gateway', env), await runService(scope, 'api-gateway', env)];
});

interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  gateway = 0,
): Promise<Answer> {
  const response = await fetch(new URL(path, gateways[gateway]?.url), {
    method,
    ...(body === undefined
      ? { headers }
      : { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

/** The order that courses send. */
const order = { user_id: '20', number_of_items: '99', total_amount: '250' };

async function untilStored(trackingId: unknown): Promise<Record<string, unknown>> {
  return eventually(async () => {
    const { status, body } = await call('GET', `/api/billing/${String(trackingId)}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  });
}

test('an order goes from the request to the row and back, and leaves its ids in the logs of both services', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01`, 'x-request-id': 'journey-1' };
  const { status, body } = await call('POST', '/api/billing/', order, headers);
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(body).toSorted(), ['message', 'tracking_id']);
  const trackingId = String(body['tracking_id']);
  assert.match(trackingId, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'a UUID v7');

  const state = await untilStored(trackingId);
  assert.deepEqual(state, { tracking_id: trackingId, state: 'stored', ...order, total_amount: '250.00' });
  assert.deepEqual(await readRows(orders), [{ tracking_id: trackingId, ...order, total_amount: '250.00' }]);

  for (const service of [gateways[0], billing]) {
    await eventually(() => {
      const lines = service
        .logs()
        .split('\n')
        .filter((line) => line.includes(trackingId));
      assert.ok(
        lines.some((line) => line.includes(traceId)),
        service.logs(),
      );
      assert.ok(
        lines.some((line) => line.includes('journey-1')),
        service.logs(),
      );
      for (const line of lines) assert.doesNotThrow(() => void JSON.parse(line));
    });
  }
});

test('the list of orders is newest first, page by page', async () => {
  for (const user of ['21', '22', '23']) {
    await untilStored((await call('POST', '/api/billing', { ...order, user_id: user })).body['tracking_id']);
  }
  const users: unknown[] = [];
  for (let path: string | undefined = '/api/billing?limit=2'; path;) {
    const { status, headers, body } = await call('GET', path);
    assert.equal(status, 200);
    users.push(...(body as unknown as Array<{ user_id: string }>).map(({ user_id }) => user_id));
    path = nextPage(headers);
  }
  assert.deepEqual(users, ['23', '22', '21', '20']);
});

test('the same Idempotency-Key 50 times at once through two gateways: 50 times 200, one id, one row', async () => {
  const before = (await readRows(orders)).length;
  const key = { 'idempotency-key': 'fifty-times' };
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, number) => call('POST', '/api/billing', order, key, number % 2)),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  const ids = new Set(answers.map(({ body }) => String(body['tracking_id'])));
  assert.equal(ids.size, 1);
  const [id = ''] = ids;
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'a UUID v8');
  await untilStored(id);
  // One more order behind them: when it is stored, they have all been handled.
  await untilStored((await call('POST', '/api/billing', { ...order, user_id: 'behind' })).body['tracking_id']);
  assert.equal((await readRows(orders)).length - before, 2);
  assert.deepEqual(await readDeadLetters(broker), []);
});

test('the same Idempotency-Key with another body: the first order stays, the second is rejected with the reason', async () => {
  const key = { 'idempotency-key': 'two-bodies' };
  const first = await call('POST', '/api/billing', order, key);
  await untilStored(first.body['tracking_id']);
  const second = await call('POST', '/api/billing', { ...order, total_amount: '1' }, key, 1);
  assert.deepEqual([second.status, second.body['tracking_id']], [200, first.body['tracking_id']]);
  await eventually(async () => assert.equal((await readDeadLetters(broker)).length, 1));
  const [dead] = await readDeadLetters(broker);
  assert.equal(dead?.properties.messageId, first.body['tracking_id']);
  assert.match(String(dead?.properties.headers?.['x-reason']), /Idempotency-Key/);
  assert.equal((await untilStored(first.body['tracking_id']))['total_amount'], '250.00');
});

test('an order that nobody placed is not found, and the answer says that it may still be on its way', async () => {
  const { status, body } = await call('GET', '/api/billing/019aa000-0000-7000-8000-000000000001');
  assert.equal(status, 404);
  assert.match(String(body['detail']), /queue/);
});

test('the life of a movie through the gateway', async () => {
  const created = await call('POST', '/api/movies/', { title: 'Ran', description: '1985' });
  assert.equal(created.status, 200);
  const path = `/api/movies/${String(created.body['id'])}`;
  assert.deepEqual((await call('GET', path)).body, created.body);
  assert.deepEqual((await call('PUT', path, { title: 'Ran!', description: '1985' })).body, {
    ...created.body,
    title: 'Ran!',
  });
  assert.deepEqual((await call('GET', '/api/movies?title=rAn!')).body, [{ ...created.body, title: 'Ran!' }]);
  assert.deepEqual((await call('GET', '/api/movies?title=%25')).body, []);
  assert.equal((await call('DELETE', path)).status, 200);
  assert.equal((await call('GET', path)).status, 404);
});

test('the pages of movies can be followed through the gateway by their Link headers', async () => {
  for (let number = 1; number <= 5; number += 1)
    await call('POST', '/api/movies', { title: `Movie ${number}`, description: '' });
  const titles: unknown[] = [];
  let pages = 0;
  for (let path: string | undefined = '/api/movies?limit=2'; path; pages += 1) {
    const { status, headers, body } = await call('GET', path);
    assert.equal(status, 200);
    titles.push(...(body as unknown as Array<{ title: string }>).map(({ title }) => title));
    path = nextPage(headers);
  }
  assert.deepEqual(
    titles,
    [1, 2, 3, 4, 5].map((number) => `Movie ${number}`),
  );
  assert.equal(pages, 3);
  const { status, body } = await call('DELETE', '/api/movies');
  assert.deepEqual([status, body['deleted']], [200, 5]);
  assert.deepEqual((await call('GET', '/api/movies/')).body, []);
});

/** The target of `rel="next"` (RFC 8288), which must lead through the gateway again. */
function nextPage(headers: Headers): string | undefined {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/.exec(headers.get('link') ?? '')?.[1];
  if (target) assert.equal(new URL(target, gateways[0].url).origin, gateways[0].url, 'an inner address');
  return target;
}
