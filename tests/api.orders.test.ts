import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import { readDeadLetters } from './support/broker.ts';
import { ORDER, assertProblem, createClient } from './support/client.ts';
import type { Client } from './support/client.ts';
import { query } from './support/database.ts';
import { eventually } from './support/eventually.ts';
import { startStack } from './support/stack.ts';
import type { Stack } from './support/stack.ts';

interface Order {
  id: number;
  tracking_id: string;
  user_id: string;
  number_of_items: string;
  total_amount: string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let stack: Stack;
let client: Client;

before(async (t) => {
  stack = await startStack(t);
  client = await createClient(stack);
});

test('orders are taken with and without a slash at the end, as strings and as numbers, and read back as strings', async () => {
  const asNumbers = { user_id: 22, number_of_items: 10, total_amount: 0.1 };
  for (const [target, order, stored] of [
    ['/api/billing', ORDER, { ...ORDER, total_amount: '250.00' }],
    ['/api/billing/', { ...ORDER, total_amount: '0.10' }, { ...ORDER, total_amount: '0.10' }],
    ['/api/billing', asNumbers, { user_id: '22', number_of_items: '10', total_amount: '0.10' }],
    [
      '/api/billing/',
      { user_id: 'a b', number_of_items: '1000000', total_amount: '9999999999.99' },
      { user_id: 'a b', number_of_items: '1000000', total_amount: '9999999999.99' },
    ],
  ] as const) {
    const { status, body } = await client.call('POST', target, order);
    assert.equal(status, 200);
    const { message, tracking_id: id = '', ...more } = body as Record<string, string>;
    assert.equal(typeof message, 'string');
    assert.deepEqual(more, {});
    assert.equal(UUID.exec(id)?.[1], '7');
    for (const slash of ['', '/']) {
      assert.deepEqual(await untilRecorded(`${id}${slash}`), { tracking_id: id, state: 'stored', ...stored });
    }
  }
  const rows = await query(stack.ordersDatabase, `SELECT * FROM orders WHERE user_id='22'`);
  assert.equal(rows.length, 1);
});

test('orders are listed newest first, at most 100 a page, 20 without a limit', async () => {
  for (let count = 0; count < 45; count += 1)
    await client.call('POST', '/api/billing', { ...ORDER, number_of_items: count + 1 });
  await eventually(async () => {
    const [row] = await query<{ count: number }>(stack.ordersDatabase, 'SELECT count(*)::int FROM orders');
    assert.ok(row && row.count >= 45);
  });
  const newest = await query<{ tracking_id: string }>(
    stack.ordersDatabase,
    'SELECT tracking_id FROM orders ORDER BY id DESC',
  );
  const expected = newest.map(({ tracking_id: id }) => id);
  const ids = (orders: unknown): string[] => (orders as Order[]).map(({ tracking_id: id }) => id);
  for (const slash of ['', '/']) {
    const { status, body } = await client.call('GET', `/api/billing${slash}`);
    assert.equal(status, 200);
    assert.deepEqual(ids(body), expected.slice(0, 20));
  }
  for (const start of ['/api/billing?limit=7', '/api/billing/?limit=100']) {
    assert.deepEqual(ids(await client.walk(start)), expected);
  }
  const page = (await client.call('GET', '/api/billing?limit=2')).body as Order[];
  const after = await client.call('GET', `/api/billing?limit=2&after=${page[1]?.id}`);
  assert.deepEqual(ids(after.body), expected.slice(2, 4));
  for (const { number_of_items: items, total_amount: amount } of page) {
    assert.match(items, /^[0-9]+$/);
    assert.match(amount, /^[0-9]+\.[0-9]{2}$/);
  }
  assertProblem(await client.call('GET', '/api/billing?limit=101'), 422, 'invalid_field');
});

test('orders that nobody placed are not found, and the answer says that one may still be in the queue', async () => {
  const unknown = await client.call('GET', '/api/billing/018f2f4e-0000-7000-8000-000000000000');
  assert.match(assertProblem(unknown, 404, 'not_found'), /queue/);
  assertProblem(await client.call('GET', '/api/billing/abc'), 404, 'not_found');
});

test('orders are stored once for an Idempotency-Key; one with other values is rejected and changes nothing', async () => {
  const headers = { 'idempotency-key': randomUUID() };
  const first = await client.call('POST', '/api/billing', ORDER, headers);
  const { tracking_id: id = '' } = first.body as Record<string, string>;
  assert.equal(UUID.exec(id)?.[1], '8');
  const stored = await untilRecorded(id);
  const again = await client.call('POST', '/api/billing/', ORDER, headers);
  assert.deepEqual([again.status, again.body], [200, first.body]);
  const other = await client.call('POST', '/api/billing', { ...ORDER, total_amount: '251' }, headers);
  assert.deepEqual([other.status, other.body], [200, first.body]);
  const [dead] = await eventually(async () => {
    const letters = await readDeadLetters(stack.broker);
    assert.equal(letters.length, 1);
    return letters;
  });
  assert.equal(dead?.properties.messageId, id);
  assert.deepEqual(JSON.parse(String(dead?.content)), { ...ORDER, total_amount: '251' });
  assert.match(String(dead?.properties.headers?.['x-reason']), /other values/);
  assert.deepEqual(await untilRecorded(id), stored);
  const rows = await query<Record<string, string>>(
    stack.ordersDatabase,
    'SELECT total_amount::text FROM orders WHERE tracking_id = $1',
    [id],
  );
  assert.deepEqual(rows, [{ total_amount: '250.00' }]);
});

async function untilRecorded(id: string): Promise<unknown> {
  return eventually(async () => {
    const { status, body } = await client.call('GET', `/api/billing/${id}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  });
}
