import { isDeepStrictEqual } from 'node:util';
import { DEAD_LETTER_QUEUE, ORDER_QUEUE, headers, queueArguments } from '@orchestrator/contracts/queue.ts';
import { notApplicable } from './check.ts';
import type { Check, Walk } from './check.ts';
import {
  orderOf,
  passQueue,
  place,
  rowsOf,
  rowsOfUser,
  settledWithinMs,
  untilRejected,
  untilStored,
} from './orders.ts';
import { clientOf, expectStatus } from './client.http.ts';
import { sentMessages } from './message.sent.ts';
import { check, expect } from './promise.ts';
import { peek, publishByHand, readMax, waiting } from './queue.amqp.ts';
import { done, notYet, until } from '../wait.ts';

const publisher = 'The message is made in src/api-gateway/orders.amqp.ts.';
const consumer = 'Messages are consumed in src/billing-app/orders.amqp.ts and stored by orders.postgres.ts beside it.';

export const messageChecks: readonly Check[] = [
  check({
    id: 'queue.declared',
    promise:
      'billing_queue is durable and quorum, with a dead-letter exchange to billing_queue.dead, which is the same',
    cure: 'Both services declare the queues as src/contracts/queue.ts says; one that exists keeps what it was made with.',
    look: async (target) => {
      for (const [name, expected] of Object.entries(queueArguments)) {
        const queue = await target.broker.manage<Queue>('GET', `/queues/%2F/${name}`);
        expect(queue !== undefined, `there is no queue ${name}`);
        const declared = JSON.stringify({ durable: queue.durable, ...queue.arguments });
        const fits = queue.durable && isDeepStrictEqual(sorted(queue.arguments), sorted(expected));
        expect(fits, `${name} is ${declared}; expected durable with ${JSON.stringify(expected)}`);
      }
      return `${ORDER_QUEUE} and ${DEAD_LETTER_QUEUE}: durable, quorum, ${JSON.stringify(queueArguments[ORDER_QUEUE])}`;
    },
  }),
  check({
    id: 'message.persistent',
    promise: 'The message is persistent',
    disturbs: true,
    cure: `${publisher} It must say persistent: true.`,
    look: async (target, walk) => {
      const { plain } = await sentMessages(target, walk);
      const evidence = `deliveryMode ${plain.properties.deliveryMode}; persistent is 2`;
      expect(plain.properties.deliveryMode === 2, evidence);
      return evidence;
    },
  }),
  check({
    id: 'message.identity',
    promise: 'The tracking id is a UUID v7, with an Idempotency-Key a v8, and travels as messageId',
    disturbs: true,
    cure: `${publisher} Ids are made by createTrackingId in src/api-gateway/orders.ts.`,
    look: async (target, walk) => {
      const { plain, plainId, keyed, keyedId } = await sentMessages(target, walk);
      const evidence = `answered ${plainId}, messageId ${plain.properties.messageId}; with a key ${keyedId}, ${keyed.properties.messageId}`;
      expect(plain.properties.messageId === plainId && plainId[14] === '7', evidence);
      expect(keyed.properties.messageId === keyedId && keyedId[14] === '8', evidence);
      return evidence;
    },
  }),
  check({
    id: 'message.body',
    promise: 'The body of the message is the JSON object with the three fields as they were received',
    disturbs: true,
    cure: publisher,
    look: async (target, walk) => {
      const { plain, order } = await sentMessages(target, walk);
      const body = plain.content.toString();
      const evidence = `sent ${JSON.stringify(order)}; in the queue ${body}`;
      expect(isDeepStrictEqual(parsed(body), order), evidence);
      return evidence;
    },
  }),
  check({
    id: 'message.trace',
    promise: 'W3C trace context travels in the headers of the message',
    disturbs: true,
    cure: publisher,
    look: async (target, walk) => {
      const { plain, traceId } = await sentMessages(target, walk);
      const value: unknown = plain.properties.headers?.[headers.traceParent];
      const evidence = `traceparent of trace ${traceId} was sent; in the message it is ${String(value)}`;
      expect(typeof value === 'string' && value.startsWith(`00-${traceId}-`), evidence);
      return evidence;
    },
  }),
  check({
    id: 'message.foreign',
    promise: 'A message that somebody else puts into the queue works as well',
    cure: consumer,
    look: async (target, walk) => {
      const order = orderOf(walk, 'by-hand');
      await publishByHand(target, JSON.stringify(order));
      await passQueue(target, walk);
      const look = async () => {
        const rows = await rowsOfUser(target, order.user_id);
        return rows.length > 0 ? done(rows.length) : notYet('no row');
      };
      const options = { everyMs: 250, signal: walk.signal };
      const rows = await until('a message published by hand is stored', settledWithinMs, look, options);
      expect(rows === 1, `${rows} rows of one message without an id`);
      return `published by hand: ${JSON.stringify(order)}; stored once`;
    },
  }),
  check({
    id: 'message.redelivered',
    promise: 'An order is stored exactly once per tracking id, whatever is delivered again',
    cure: `${consumer} The INSERT needs ON CONFLICT (tracking_id) DO NOTHING, and the table its unique constraint.`,
    look: async (target, walk) => {
      const id = idOf(walk, 1);
      const body = JSON.stringify(orderOf(walk, 'twice'));
      await publishByHand(target, body, id);
      await untilStored(target, [id], walk.signal);
      await publishByHand(target, body, id);
      await passQueue(target, walk);
      const rows = await rowsOf(target, [id]);
      const evidence = `the message ${id} twice: ${rows.length} rows`;
      expect(rows.length === 1, evidence);
      return evidence;
    },
  }),
  check({
    id: 'message.conflict',
    promise:
      'The same Idempotency-Key with another order never changes the first: the second is rejected, with the reason',
    cure: consumer,
    look: async (target, walk) => {
      const key = `${walk.tag}-conflict`;
      const order = orderOf(walk, 'first');
      const id = await place(target, walk, order, { key });
      await untilStored(target, [id], walk.signal);
      const second = await place(target, walk, { ...order, total_amount: '1' }, { key });
      expect(second === id, `the same key twice → tracking ids ${id} and ${second}; expected the same`);
      await passQueue(target, walk);
      const reason = await untilRejected(target, id, walk.signal);
      const [row, ...others] = await rowsOf(target, [id]);
      const evidence = `the first has ${row?.total_amount} still; the second is rejected: ${reason}`;
      expect(row?.total_amount === '250.00' && others.length === 0, evidence);
      return evidence;
    },
  }),
  check({
    id: 'message.poison',
    promise: 'A message that can never be stored is in billing_queue.dead at once, with its reason',
    cure: 'Dead letters are published by src/billing-app/dead-letters.amqp.ts.',
    look: async (target, walk) => {
      const others = await waiting(target, DEAD_LETTER_QUEUE);
      if (others >= readMax) return notApplicable(`there are ${others} dead letters, too many to look through`);
      const id = idOf(walk, 2);
      await publishByHand(target, JSON.stringify({ ...orderOf(walk, 'poison'), number_of_items: '0' }), id);
      await passQueue(target, walk);
      await untilRejected(target, id, walk.signal);
      const dead = await peek(target, DEAD_LETTER_QUEUE, ({ properties }) => properties.messageId === id);
      expect(dead !== undefined, `${id} is recorded as rejected, and is not in ${DEAD_LETTER_QUEUE}`);
      const reason: unknown = dead.properties.headers?.[headers.reason];
      const evidence = `number_of_items "0" → ${DEAD_LETTER_QUEUE} with ${headers.reason}: ${String(reason)}`;
      expect(typeof reason === 'string' && reason.includes('number_of_items'), evidence);
      return evidence;
    },
  }),
  check({
    id: 'orders.rejected',
    promise: 'GET /api/billing/:tracking_id tells state rejected, with the reason, of an order that cannot be stored',
    cure: 'Rejections are read by src/billing-app/orders.postgres.ts from the table of that name.',
    look: async (target, walk) => {
      const id = idOf(walk, 3);
      const order = { ...orderOf(walk, 'rejected'), total_amount: '-1' };
      await publishByHand(target, JSON.stringify(order), id);
      await passQueue(target, walk);
      await untilRejected(target, id, walk.signal);
      const reply = await clientOf(target)('GET', `/api/billing/${id}`);
      const { reason, ...state } = expectStatus(reply, 200) as Record<string, unknown>;
      const fits = isDeepStrictEqual(state, { tracking_id: id, state: 'rejected', ...order });
      expect(
        fits && typeof reason === 'string' && reason.includes('total_amount'),
        `${reply.shown}; expected a reason`,
      );
      return reply.shown;
    },
  }),
];

interface Queue {
  durable: boolean;
  arguments: Record<string, unknown>;
}

const sorted = (entries: object): unknown => Object.entries(entries).toSorted(([a], [b]) => (a < b ? -1 : 1));

/** A tracking id of a message that no gateway made: the tag's eight digits are in it. */
const idOf = ({ tag }: Walk, number: number): string =>
  `${tag.slice(-8)}-0000-7000-8000-${String(number).padStart(12, '0')}`;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
