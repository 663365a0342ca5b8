import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import fc from 'fast-check';
import { createPublisher } from './orders.frames.ts';

const require = createRequire(import.meta.url);

/** What amqplib itself encodes with. */
const amqplib = {
  ...(require('../../node_modules/amqplib/lib/defs.js') as {
    BasicPublish: number;
    BasicProperties: number;
    encodeMethod: (id: number, channel: number, fields: object) => Buffer;
    encodeProperties: (id: number, channel: number, size: number, fields: object) => Buffer;
  }),
  ...(require('../../node_modules/amqplib/lib/frame.js') as {
    makeBodyFrame: (channel: number, body: Buffer) => Buffer;
  }),
};

/** The gateway lets no other order through. */
const order = fc.record({
  user_id: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 64 }),
  number_of_items: fc.oneof(fc.integer({ min: 1, max: 1_000_000 }), fc.constant('99')),
  total_amount: fc.constantFrom('250', 0.1, '9999999999.99'),
});

const message = fc.record({
  order,
  trackingId: fc.uuid(),
  requestId: fc.stringMatching(/^[\w.:-]{1,64}$/),
  traceparent: fc.constant(`00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01`),
  tracestate: fc.option(fc.stringMatching(/^[\x20-\x7e]{1,512}$/), { nil: undefined }),
});

test('a message has the bytes that amqplib makes of it', () => {
  fc.assert(
    fc.property(message, fc.integer({ min: 1, max: 65_535 }), fc.nat(), (one, channel, number) => {
      const body = Buffer.from(JSON.stringify(one.order));
      const encoded = Buffer.from(createPublisher(channel)(one, number), 'latin1');
      const timestamp = Math.floor(Date.now() / 1000);
      const expected = (sentS: number): Buffer =>
        Buffer.concat([
          amqplib.encodeMethod(amqplib.BasicPublish, channel, {
            exchange: '',
            routingKey: ORDER_QUEUE,
            mandatory: true,
          }),
          amqplib.encodeProperties(amqplib.BasicProperties, channel, body.length, {
            contentType: 'application/json',
            headers: {
              traceparent: one.traceparent,
              ...(one.tracestate && { tracestate: one.tracestate }),
              'x-request-id': one.requestId,
            },
            deliveryMode: 2,
            correlationId: String(number),
            messageId: one.trackingId,
            timestamp: sentS,
            appId: 'api-gateway',
          }),
          amqplib.makeBodyFrame(channel, body),
        ]);
      // A second may have begun in between.
      assert.ok([timestamp, timestamp - 1].some((sentS) => encoded.equals(expected(sentS))));
    }),
  );
});

test('a message with a body of many bytes a character is counted in bytes', () => {
  const encoded = createPublisher(1)(
    {
      order: { user_id: '🎬'.repeat(64), number_of_items: '1', total_amount: '1' },
      trackingId: randomUUID(),
      requestId: 'r',
      traceparent: 't',
      tracestate: undefined,
    },
    1,
  );
  assert.ok(Buffer.from(encoded, 'latin1').toString().includes('🎬'.repeat(64)));
});
