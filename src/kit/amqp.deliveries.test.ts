import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from 'amqplib';
import type { Channel, ConsumeMessage } from 'amqplib';
import fc from 'fast-check';
import { createVhost, declareQueue, publish } from '../../tests/support/broker.ts';
import { eventually } from '../../tests/support/eventually.ts';
import { consumeDeliveries } from './amqp.deliveries.ts';
import type { Delivery } from './amqp.deliveries.ts';
import type { BrokerConfig } from './amqp.ts';

const MESSAGES = 600;

/** The smallest that AMQP knows, so that a body of several frames need not be large. */
const FRAME_MAX_BYTES = 4096;

const text = fc.string({ unit: 'binary', maxLength: 40 });

/** The broker takes `CC` and `BCC` as queues to copy a message to, and closes the channel where they name none. */
const headerName = fc.string({ minLength: 1, maxLength: 20 }).filter((name) => name !== 'CC' && name !== 'BCC');

const message = fc.record({
  body: fc.oneof(
    { weight: 20, arbitrary: fc.uint8Array({ maxLength: 300 }) },
    { weight: 1, arbitrary: fc.constantFrom(Buffer.alloc(3 * FRAME_MAX_BYTES, 'x'), Buffer.alloc(0)) },
  ),
  properties: fc.record(
    {
      contentType: text,
      contentEncoding: text,
      headers: fc.dictionary(headerName, fc.oneof(text, fc.boolean(), fc.integer())),
      persistent: fc.boolean(),
      priority: fc.nat(255),
      correlationId: text,
      replyTo: text,
      expiration: fc.constant('600000'),
      messageId: text,
      timestamp: fc.nat(2 ** 40),
      type: text,
      appId: text,
    },
    { requiredKeys: [] },
  ),
});

/** Closes the connection before its virtual host goes. */
async function onChannel(
  { host, port, user, password, vhost }: BrokerConfig,
  work: (channel: Channel) => Promise<void>,
) {
  const server = { hostname: host, port, username: user, password, vhost };
  const connection = await connect({ ...server, frameMax: FRAME_MAX_BYTES });
  try {
    await work(await connection.createChannel());
  } finally {
    await connection.close();
  }
}

/** What does not depend on the consumer. */
function facts({ properties, content, fields: { deliveryTag, redelivered, exchange } }: ConsumeMessage) {
  return { properties, content, deliveryTag, redelivered, exchange };
}

test('a delivery has what amqplib reads of it, whatever its properties and body', async (t) => {
  const broker = await createVhost(t);
  const messages = fc.sample(message, MESSAGES);
  for (const queue of ['usual', 'past']) {
    await declareQueue(broker, queue);
    await publish(broker, messages, queue);
  }
  const expected: Array<ConsumeMessage | null> = [];
  await onChannel(broker, async (channel) => {
    await channel.consume('usual', (message) => expected.push(message));
    await eventually(() => assert.equal(expected.length, MESSAGES));
  });
  const deliveries: Array<Delivery | null> = [];
  let throughAmqplib = 0;
  await onChannel(broker, async (channel) => {
    channel.on('delivery', () => (throughAmqplib += 1));
    await consumeDeliveries(channel, 'past', (delivery) => deliveries.push(delivery));
    await eventually(() => assert.equal(deliveries.length, MESSAGES));
    await channel.deleteQueue('past');
    await eventually(() => assert.equal(deliveries.length, MESSAGES + 1));
  });
  assert.equal(deliveries.pop(), null, 'the end of its queue is told');
  assert.ok(throughAmqplib < MESSAGES / 2, `${throughAmqplib} deliveries went the long way`);

  for (const [index, delivery] of deliveries.entries()) {
    const usually = expected[index];
    assert.ok(delivery && usually);
    assert.deepEqual(facts(delivery.message), facts(usually));
    assert.equal(delivery.messageId, usually.properties.messageId);
    assert.equal(delivery.timestamp, usually.properties.timestamp);
    assert.deepEqual(delivery.content, usually.content);
  }
});
