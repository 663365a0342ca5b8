import { DEAD_LETTER_QUEUE, ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import type { Channel, GetMessage } from 'amqplib';
import type { Target } from '../target/target.ts';
import { expect } from './promise.ts';

/** A queue longer than this is not read through: each message that is looked at counts as delivered once more. */
export const readMax = 10_000;

/** How many messages wait in the queue; those that a consumer holds do not count. */
export const waiting = (target: Target, queue: string): Promise<number> =>
  target.broker.withChannel(async (channel) => (await channel.checkQueue(queue)).messageCount);

/** The first message in the queue that is meant; all of them are back in it afterwards. */
export async function peek(
  target: Target,
  queue: string,
  isMeant: (message: GetMessage) => boolean,
): Promise<GetMessage | undefined> {
  return target.broker.withChannel(async (channel) => {
    for (let read = 0; read < readMax; read++) {
      const message = await channel.get(queue);
      if (message === false) return undefined;
      if (isMeant(message)) return message;
    }
    return undefined;
  });
}

/** Takes these messages out of the queue for good; the others stay. Returns those that it took. */
export async function remove(
  target: Target,
  queue: string,
  isMeant: (message: GetMessage) => boolean,
): Promise<GetMessage[]> {
  return target.broker.withChannel(async (channel) => {
    const taken: GetMessage[] = [];
    for (let read = 0; read < readMax; read++) {
      const message = await channel.get(queue);
      if (message === false) break;
      if (!isMeant(message)) continue;
      channel.ack(message);
      taken.push(message);
    }
    await settled(channel);
    return taken;
  });
}

/** An acknowledgement has no answer; what is asked after it has. */
const settled = (channel: Channel): Promise<unknown> => channel.checkQueue(DEAD_LETTER_QUEUE);

/** Puts a message into the order queue as somebody does on RabbitMQ's page. */
export async function publishByHand(target: Target, payload: string, messageId?: string): Promise<void> {
  const answer = await target.broker.manage<{ routed: boolean }>('POST', '/exchanges/%2F/amq.default/publish', {
    routing_key: ORDER_QUEUE,
    payload,
    payload_encoding: 'string',
    properties: { delivery_mode: 2, ...(messageId !== undefined && { message_id: messageId }) },
  });
  expect(answer?.routed === true, `a message for ${ORDER_QUEUE} was not routed: there is no such queue`);
}
