import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { DEAD_LETTER_QUEUE, ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import {
  brokerEnv,
  createVhost,
  declareQueue,
  deleteQueue,
  publish,
  publishByHand,
  readDeadLetters,
  readyCount,
  setPolicy,
  unacknowledgedCount,
} from '../../tests/support/broker.ts';
import type { RawMessage } from '../../tests/support/broker.ts';
import { createDatabase, databaseEnv, query } from '../../tests/support/database.ts';
import { eventually } from '../../tests/support/eventually.ts';
import { startService } from '../../tests/support/service.ts';
import type { Service } from '../../tests/support/service.ts';

interface Billing {
  broker: BrokerConfig;
  database: DatabaseConfig;
  service: Service;
}

async function startBilling(t: TestContext, broker?: BrokerConfig, database?: DatabaseConfig): Promise<Billing> {
  broker ??= await createVhost(t);
  database ??= await createDatabase(t);
  const service = await startService(t, 'billing-app', { ...databaseEnv(database), ...brokerEnv(broker) });
  return { broker, database, service };
}

function order(messageId: string = randomUUID(), fields: Record<string, unknown> = {}): RawMessage {
  const body = JSON.stringify({ user_id: '20', number_of_items: '99', total_amount: '250', ...fields });
  return { body, properties: { persistent: true, messageId } };
}

const orders = (count: number): RawMessage[] => Array.from({ length: count }, () => order());

async function rows(database: DatabaseConfig): Promise<number> {
  const [row] = await query<{ n: number }>(database, 'SELECT count(*)::int AS n FROM orders');
  return row?.n ?? -1;
}

async function assertRows(database: DatabaseConfig, expected: number): Promise<void> {
  await eventually(async () => assert.equal(await rows(database), expected));
}

async function assertDeadLetters(broker: BrokerConfig, expected: number): ReturnType<typeof readDeadLetters> {
  return eventually(async () => {
    const letters = await readDeadLetters(broker);
    assert.equal(letters.length, expected);
    return letters;
  });
}

/** What was taken and not acknowledged is in the queue again when its consumer has ended. */
async function assertQueueEmptyAfterStop({ broker, service }: Billing): Promise<void> {
  assert.equal(await service.stop(), 0);
  assert.equal(await readyCount(broker), 0);
}

test('an order is stored at once, acknowledged, and can be followed by its ids', async (t) => {
  const billing = await startBilling(t);
  const id = randomUUID();
  const traceId = 'a'.repeat(32);
  const headers = { traceparent: `00-${traceId}-${'b'.repeat(16)}-01`, 'x-request-id': 'request-1' };
  const { body } = order();
  await publish(billing.broker, [
    { body, properties: { messageId: id, headers, timestamp: Math.floor(Date.now() / 1000) } },
  ]);
  await assertRows(billing.database, 1);
  const line = await eventually(() => {
    const text = billing.service
      .logs()
      .split('\n')
      .find((line) => line.includes(id));
    return JSON.parse(text ?? '') as Record<string, unknown>;
  });
  assert.partialDeepStrictEqual(line, {
    msg: 'order stored',
    tracking_id: id,
    trace_id: traceId,
    request_id: 'request-1',
  });
  const metrics = await (await fetch(billing.service.metricsUrl)).text();
  assert.match(metrics, /^orders_stored_total 1$/m);
  assert.match(metrics, /^orders_publish_to_stored_seconds_count 1$/m);
  await assertQueueEmptyAfterStop(billing);
});

test('each of 2000 orders published one to five times has one row', async (t) => {
  const billing = await startBilling(t);
  const copies = orders(2000).flatMap((message, index) => Array<RawMessage>((index % 5) + 1).fill(message));
  await publish(
    billing.broker,
    copies.toSorted(() => Math.random() - 0.5),
  );
  await assertRows(billing.database, 2000);
  await eventually(async () => assert.equal(await readyCount(billing.broker), 0));
  await assertQueueEmptyAfterStop(billing);
  assert.equal(await rows(billing.database), 2000);
  assert.equal((await readDeadLetters(billing.broker)).length, 0);
});

test('poison goes to the dead letters byte for byte, with its properties and the reason; good orders around it are stored', async (t) => {
  const billing = await startBilling(t);
  const id = randomUUID();
  const body = Buffer.from('{"user_id":"\u00e9","number_of_items":"1","total_amount":"1"}', 'latin1');
  const properties = { messageId: id, type: 'order', headers: { traceparent: 'x', mine: [1, { deep: true }] } };
  await publish(billing.broker, [...orders(300), { body, properties }, ...orders(300)]);
  await assertRows(billing.database, 600);
  const [letter] = await assertDeadLetters(billing.broker, 1);
  assert.ok(letter);
  assert.deepEqual(letter.content, body);
  assert.partialDeepStrictEqual(letter.properties, { messageId: id, type: 'order', deliveryMode: 2 });
  assert.partialDeepStrictEqual(letter.properties.headers, properties.headers);
  assert.match(letter.properties.headers?.['x-reason'], /UTF-8/);
  await assertQueueEmptyAfterStop(billing);
});

test('properties that the broker acts on, or that cannot be written again, do no harm to a dead letter', async (t) => {
  const billing = await startBilling(t);
  const loud: RawMessage[] = [
    { body: 'CC', properties: { headers: { CC: [ORDER_QUEUE] } } },
    { body: 'expires', properties: { expiration: '60000' } },
    { body: 'user', properties: { userId: 'guest' } },
    { body: 'priority', properties: { priority: 255, replyTo: 'x', correlationId: 'y' } },
    { body: 'huge', properties: { headers: { huge: 'x'.repeat(60_000) } } },
    { body: 'id', properties: { messageId: 'x'.repeat(255) } },
  ];
  await publish(billing.broker, loud);
  await publishByHand(billing.broker, 'a table that is taken for a type', { headers: { table: { '!': 'no type' } } });
  const letters = await assertDeadLetters(billing.broker, loud.length + 1);
  const bodies = new Set(letters.map(({ content }) => content.toString()));
  assert.deepEqual(bodies, new Set([...loud.map(({ body }) => String(body)), 'a table that is taken for a type']));
  for (const { properties } of letters) {
    assert.match(properties.headers?.['x-reason'], /JSON/);
    assert.equal(properties.expiration, undefined);
  }
  await assertQueueEmptyAfterStop(billing);
});

test('other values under a known tracking id: the first order stays, the second is a dead letter', async (t) => {
  const billing = await startBilling(t);
  const id = randomUUID();
  await publish(billing.broker, [
    order(id),
    order(id, { total_amount: '300' }),
    ...orders(20),
    order(id, { user_id: '21' }),
  ]);
  await assertRows(billing.database, 21);
  for (const { properties } of await assertDeadLetters(billing.broker, 2)) {
    assert.match(properties.headers?.['x-reason'], /other values/);
  }
  const state = await (await fetch(`${billing.service.url}/api/billing/${id}`)).json();
  assert.partialDeepStrictEqual(state, { state: 'stored', user_id: '20', total_amount: '250.00' });
  await assertQueueEmptyAfterStop(billing);
});

test('a message of others: without properties it is stored, with an id of its own it is stored once', async (t) => {
  const billing = await startBilling(t);
  const { body } = order();
  const bare = { body };
  const named = { body, properties: { messageId: 'order 22 from the script' } };
  await publish(billing.broker, [bare, bare, named, named]);
  await assertRows(billing.database, 3);
  await assertQueueEmptyAfterStop(billing);
});

test('an order that was rejected is stored when it comes again corrected', async (t) => {
  const billing = await startBilling(t);
  const id = randomUUID();
  const state = async (): Promise<unknown> => (await fetch(`${billing.service.url}/api/billing/${id}`)).json();
  await publish(billing.broker, [order(id, { total_amount: '1.234' })]);
  await eventually(async () => assert.partialDeepStrictEqual(await state(), { state: 'rejected' }));
  await publish(billing.broker, [order(id)]);
  await eventually(async () => assert.partialDeepStrictEqual(await state(), { state: 'stored' }));
});

for (const queue of [ORDER_QUEUE, DEAD_LETTER_QUEUE]) {
  test(`${queue} comes back after it was deleted, in 5 s`, async (t) => {
    const { broker, database } = await startBilling(t);
    await deleteQueue(broker, queue);
    const beganMs = performance.now();
    await publish(broker, [{ body: 'poison' }], queue === ORDER_QUEUE ? DEAD_LETTER_QUEUE : ORDER_QUEUE);
    await eventually(() => publish(broker, [order()]));
    await assertRows(database, 1);
    await assertDeadLetters(broker, 1);
    assert.ok(performance.now() - beganMs < 5000);
  });
}

test('while the dead letters are full, poison waits unharmed and good orders are stored past it', async (t) => {
  const { broker, database, service } = await startBilling(t);
  await publish(broker, [{ body: 'first' }]);
  // Counted, never read, until there is room again: reading takes them out for a moment, and a moment's room is used.
  await eventually(async () => assert.equal(await readyCount(broker, DEAD_LETTER_QUEUE), 1));
  const makeRoom = await setPolicy(broker, DEAD_LETTER_QUEUE, { 'max-length': 1, overflow: 'reject-publish' });
  await eventually(() => assert.rejects(publish(broker, [{ body: 'filler' }], DEAD_LETTER_QUEUE)));
  const before = await readyCount(broker, DEAD_LETTER_QUEUE);

  await publish(broker, [{ body: 'second' }, ...orders(50), { body: 'third' }, ...orders(50)]);
  // What the broker has not seen acknowledged comes back after the kill, as it should.
  await eventually(async () => assert.deepEqual([await rows(database), await unacknowledgedCount(broker)], [100, 2]));
  await eventually(() => assert.match(service.logs(), /cannot be moved to the dead letters/));
  // A consumer that dies now must not have acknowledged it together with the good ones.
  await service.stop('SIGKILL');
  await eventually(async () => assert.equal(await readyCount(broker), 2));
  assert.equal(await readyCount(broker, DEAD_LETTER_QUEUE), before);

  const next = await startBilling(t, broker, database);
  await eventually(() => assert.match(next.service.logs(), /cannot be moved to the dead letters/));
  await makeRoom();
  await assertDeadLetters(broker, before + 2);
  await assertQueueEmptyAfterStop(next);
});

test("what is no order's fault holds the orders, and says so, until it is put right", async (t) => {
  const billing = await startBilling(t);
  const { broker, database, service } = billing;
  await query(database, 'ALTER TABLE orders RENAME TO orders_away');
  await publish(broker, orders(10));
  await eventually(async () => assert.equal((await fetch(`${service.url}/health/ready`)).status, 503));
  assert.match(service.logs(), /orders cannot be stored/);
  await query(database, 'ALTER TABLE orders_away RENAME TO orders');
  await assertRows(database, 10);
  await eventually(async () => assert.equal((await fetch(`${service.url}/health/ready`)).status, 200));
  await assertQueueEmptyAfterStop(billing);
  assert.equal((await readDeadLetters(broker)).length, 0);
});

test('a queue declared with other arguments is not consumed, and is once it is gone', async (t) => {
  const [database, broker] = [await createDatabase(t), await createVhost(t)];
  await declareQueue(broker, ORDER_QUEUE, { 'x-queue-type': 'classic' });
  const env = { ...databaseEnv(database), ...brokerEnv(broker) };
  const { url, logs } = await startService(t, 'billing-app', env, '/health/live');
  await eventually(() => assert.match(logs(), /PRECONDITION_FAILED/));
  assert.equal((await fetch(`${url}/health/ready`)).status, 503);
  await deleteQueue(broker, ORDER_QUEUE);
  await eventually(async () => assert.equal((await fetch(`${url}/health/ready`)).status, 200));
});
