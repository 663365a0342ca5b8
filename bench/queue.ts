import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import { DEAD_LETTER_QUEUE, ORDER_QUEUE, queueArguments } from '@orchestrator/contracts/queue.ts';
import { connect } from 'amqplib';
import type { Channel } from 'amqplib';
import { brokerUrl } from './programs.ts';

/** Declares the queues as our services do. */
export async function makeQueues(broker: BrokerConfig): Promise<void> {
  await withChannel(broker, async (channel) => {
    for (const queue of [DEAD_LETTER_QUEUE, ORDER_QUEUE] as const) {
      await channel.assertQueue(queue, { durable: true, arguments: queueArguments[queue] });
    }
  });
}

/** @returns how many orders were in it */
export async function emptyQueue(broker: BrokerConfig): Promise<number> {
  return withChannel(broker, async (channel) => (await channel.purgeQueue(ORDER_QUEUE)).messageCount);
}

async function withChannel<T>(broker: BrokerConfig, work: (channel: Channel) => Promise<T>): Promise<T> {
  const connection = await connect(brokerUrl(broker));
  try {
    return await work(await connection.createChannel());
  } finally {
    await connection.close();
  }
}
