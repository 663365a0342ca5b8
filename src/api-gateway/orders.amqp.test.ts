import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { DEAD_LETTER_QUEUE, ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import { createLogger } from '@orchestrator/kit/log.ts';
import { registry } from '@orchestrator/kit/metrics.ts';
import {
  closeConnections,
  connectionCount,
  createVhost,
  deleteQueue,
  readMessages,
  readyCount,
  setPolicy,
} from '../../tests/support/broker.ts';
import { eventually } from '../../tests/support/eventually.ts';
import { startTcpProxy } from '../../tests/support/tcp-proxy.ts';
import type { TcpProxy } from '../../tests/support/tcp-proxy.ts';
import { connectOrderQueue } from './orders.amqp.ts';
import { createTrackingId } from './orders.ts';
import type { Message, OrderQueue } from './orders.ts';

const order = { user_id: '20', number_of_items: '99', total_amount: '250' };

function message(overrides: Partial<Message> = {}): Message {
  return {
    trackingId: createTrackingId(undefined),
    order,
    requestId: 'request-1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    tracestate: undefined,
    ...overrides,
  };
}

interface Parts {
  broker: BrokerConfig;
  queue: OrderQueue;
  proxy: TcpProxy;
}

/** One connection serves all the tests of this file, as it serves the program for its whole life. */
async function connectThroughProxy(t: TestContext): Promise<Parts> {
  const broker = await createVhost(t);
  const queues: Array<ReturnType<typeof connectOrderQueue>> = [];
  // Before the proxy goes: a connection that is reset while it says goodbye waits for an answer in vain.
  t.after(() => queues[0]?.close());
  const proxy = await startTcpProxy(t, broker.port);
  proxy.set('reset');
  const log = createLogger('api-gateway', 'error');
  log.level = 'silent';
  const queue = connectOrderQueue({ ...broker, host: '127.0.0.1', port: proxy.port }, 'api-gateway', log);
  queues.push(queue);
  return { broker, queue, proxy };
}

async function metric(name: string): Promise<number> {
  const value = await registry.getSingleMetric(name)?.get();
  return value?.values[0]?.value ?? Number.NaN;
}

test('publisher confirms', async (t) => {
  const { broker, queue, proxy } = await connectThroughProxy(t);
  const untilOpen = (deadlineMs?: number): Promise<void> =>
    eventually(() => assert.equal(queue.isOpen(), true), deadlineMs);

  await t.test('without a broker an order is refused at once', async () => {
    assert.equal(queue.isOpen(), false);
    const started = performance.now();
    assert.equal(await queue.publish(message()), 'refused');
    assert.ok(performance.now() - started < 50);
    assert.equal(await metric('broker_connected'), 0);
  });

  await t.test('a confirmed order is in the queue, as it was received', async () => {
    proxy.set('pass');
    await untilOpen();
    const sent = message({
      order: { user_id: 'Zoë 🎬', number_of_items: 3, total_amount: '0.10' },
      tracestate: 'a=b',
    });
    assert.equal(await queue.publish(sent), 'confirmed');
    const [received] = await readMessages(broker, ORDER_QUEUE);
    assert.equal(received?.content.toString(), '{"user_id":"Zoë 🎬","number_of_items":3,"total_amount":"0.10"}');
    const { messageId, contentType, deliveryMode, timestamp, appId, headers } = received.properties;
    // The quorum queue adds how often it has delivered the message.
    delete headers?.['x-delivery-count'];
    assert.deepEqual(
      { messageId, contentType, deliveryMode, appId },
      { messageId: sent.trackingId, contentType: 'application/json', deliveryMode: 2, appId: 'api-gateway' },
    );
    assert.ok(Math.abs(Number(timestamp) - Date.now() / 1000) < 60);
    assert.deepEqual({ ...headers }, { traceparent: sent.traceparent, tracestate: 'a=b', 'x-request-id': 'request-1' });
    assert.equal(await metric('broker_connected'), 1);
  });

  await t.test('each of many at once is confirmed', async () => {
    const before = await readyCount(broker);
    const outcomes = await Promise.all(Array.from({ length: 1500 }, () => queue.publish(message())));
    assert.deepEqual(new Set(outcomes), new Set(['confirmed']));
    await eventually(async () => assert.equal(await readyCount(broker), before + 1500));
  });

  await t.test('beyond so many unconfirmed ones the rest is refused', async () => {
    const outcomes = await Promise.all(Array.from({ length: 2500 }, () => queue.publish(message())));
    assert.equal(outcomes.filter((outcome) => outcome === 'refused').length, 500);
    assert.equal(outcomes.filter((outcome) => outcome === 'confirmed').length, 2000);
  });

  await t.test('a missing queue is told by the first order, and is back within 5 s', async () => {
    for (const name of [ORDER_QUEUE, DEAD_LETTER_QUEUE]) await deleteQueue(broker, name);
    // Twins: what a client repeats with its key has the same id, and each has its own outcome.
    const twin = message();
    const outcomes = await Promise.all([queue.publish(twin), queue.publish(twin), queue.publish(message())]);
    assert.deepEqual(outcomes, ['returned', 'returned', 'returned']);
    await eventually(async () => assert.equal(await queue.publish(message()), 'confirmed'), 5000);
    assert.equal(await readyCount(broker, DEAD_LETTER_QUEUE), 0);
    assert.equal(await metric('order_publishes_in_flight'), 0);
  });

  await t.test('a full queue is told as such, and stores nothing more', async () => {
    const held = await readyCount(broker);
    const removePolicy = await setPolicy(broker, ORDER_QUEUE, { 'max-length': held });
    await eventually(async () => assert.equal(await queue.publish(message()), 'nacked'));
    const count = await readyCount(broker);
    assert.equal(await queue.publish(message()), 'nacked');
    assert.equal(await readyCount(broker), count);
    await removePolicy();
    await eventually(async () => assert.equal(await queue.publish(message()), 'confirmed'));
  });

  await t.test(
    'a connection that breaks first leaves the outcome unknown, and is replaced by one in confirm mode',
    async () => {
      for (const breakConnection of [() => closeConnections(broker), async () => proxy.set('reset')]) {
        proxy.set('slow');
        const outcome = queue.publish(message());
        await breakConnection();
        assert.ok(['lost', 'confirmed'].includes(await outcome));
        proxy.set('pass');
        await untilOpen();
        assert.equal(await queue.publish(message()), 'confirmed');
      }
    },
  );

  await t.test('a reset while waiting is told at once', async () => {
    proxy.set('blackhole');
    const outcome = queue.publish(message());
    const started = performance.now();
    proxy.set('reset');
    assert.equal(await outcome, 'lost');
    assert.ok(performance.now() - started < 3000);
    proxy.set('pass');
    await untilOpen();
    assert.equal(await metric('order_publishes_in_flight'), 0);
  });

  await t.test('a broker that falls silent leaves the outcome unknown after 4 s, and is found again', async () => {
    proxy.set('blackhole');
    const started = performance.now();
    const outcomes = await Promise.all([queue.publish(message()), queue.publish(message())]);
    const tookMs = performance.now() - started;
    assert.equal(outcomes[0], 'timed_out');
    assert.ok(['timed_out', 'lost'].includes(outcomes[1]));
    assert.ok(tookMs > 3900 && tookMs < 8000, `${tookMs} ms`);
    // The connection is given up with them, so that the next order is refused at once and may safely be sent again.
    assert.equal(await queue.publish(message()), 'refused');
    proxy.set('pass');
    await eventually(async () => assert.equal(await queue.publish(message()), 'confirmed'), 5000);
    assert.equal(await metric('order_publishes_in_flight'), 0);
  });

  await t.test('a connection that was given up, and ends long after, does not touch the one in its place', async () => {
    const release = proxy.hold();
    assert.equal(await queue.publish(message()), 'timed_out');
    await eventually(async () => assert.equal(await queue.publish(message()), 'confirmed'), 5000);
    await eventually(async () => assert.equal(await connectionCount(broker), 2), 20_000, 250);
    release();
    await eventually(async () => assert.equal(await connectionCount(broker), 1), 20_000, 250);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => queue.publish(message())));
    assert.deepEqual(new Set(outcomes), new Set(['confirmed']));
  });
});
