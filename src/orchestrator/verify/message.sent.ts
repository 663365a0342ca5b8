import { randomBytes } from 'node:crypto';
import { ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import type { GetMessage } from 'amqplib';
import type { Target } from '../target/target.ts';
import type { Walk } from './check.ts';
import { clientOf } from './client.http.ts';
import { expectAccepted, orderOf, place } from './orders.ts';
import type { OrderBody } from './orders.ts';
import { expect } from './promise.ts';
import { peek, readMax, waiting } from './queue.amqp.ts';
import { whileStopped } from './stopped.ts';

/** What the gateway put into the queue for two orders, one of them with an Idempotency-Key. */
export interface Sent {
  order: OrderBody;
  plain: GetMessage;
  plainId: string;
  /** Of the trace context that was sent with the first. */
  traceId: string;
  keyed: GetMessage;
  keyedId: string;
}

let last: { tag: string; sent: Promise<Sent> } | undefined;

/** Looks into the queue while billing-app is stopped: once in a walk, for all checks that ask about it. */
export async function sentMessages(target: Target, walk: Walk): Promise<Sent> {
  if (last?.tag !== walk.tag) last = { tag: walk.tag, sent: lookIntoQueue(target, walk) };
  return last.sent;
}

async function lookIntoQueue(target: Target, walk: Walk): Promise<Sent> {
  return whileStopped(target, walk, ['billing-app'], async () => {
    const before = await waiting(target, ORDER_QUEUE);
    expect(before < readMax / 2, `${before} orders are in the queue already`, 'Wait until they are stored.');
    const order = orderOf(walk, 'sent', '250.50');
    const keyedOrder = orderOf(walk, 'sent-with-key');
    const traceId = randomBytes(16).toString('hex');
    const trace = { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` };
    const reply = await clientOf(target)('POST', '/api/billing', { json: order, headers: trace });
    const plainId = expectAccepted(reply, walk);
    const keyedId = await place(target, walk, keyedOrder, { key: `${walk.tag}-sent` });
    const plain = await messageOf(target, order);
    return { order, plain, plainId, traceId, keyed: await messageOf(target, keyedOrder), keyedId };
  });
}

/** By the user, not by the id that is to be looked at. */
async function messageOf(target: Target, { user_id: userId }: OrderBody): Promise<GetMessage> {
  const message = await peek(target, ORDER_QUEUE, ({ content }) => content.toString().includes(`"${userId}"`));
  expect(
    message !== undefined,
    `the order of ${userId} was answered with 200 and is not in ${ORDER_QUEUE}, with billing-app stopped`,
    'The gateway must wait for the confirm of the broker: src/api-gateway/orders.amqp.ts.',
  );
  return message;
}
