import { DEAD_LETTER_QUEUE, headers, queueArguments } from '@orchestrator/contracts/queue.ts';
import { keepConnected } from '@orchestrator/kit/amqp.ts';
import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import type { Logger } from '@orchestrator/kit/log.ts';
import type { ChannelModel, ConfirmChannel, Message, Options } from 'amqplib';

/** After this time without a confirm the connection is given up and another one tried. */
const CONFIRM_TIMEOUT_MS = 10_000;

export interface DeadLetterPublisher {
  /**
   * Resolves when the broker has the message safe in the dead-letter queue, with its reason in a header. Rejects when that
   * is not certain: publish it again.
   */
  publish: (message: Message, reason: string) => Promise<void>;
  close: () => Promise<void>;
}

interface Session {
  channel: ConfirmChannel;
  /** The broker has an alarm and reads nothing more from this connection: what is written would pile up here. */
  blocked: boolean;
  /** A message came back: the broker confirms it all the same. The next connection declares the queue again. */
  unroutable: boolean;
  lost: (cause: Error) => void;
}

/**
 * Publishes on a connection of its own: the broker, when short of memory or disk, stops reading from connections that
 * publish, and the acknowledgements of the consumer must not be stopped with them.
 */
export function createDeadLetterPublisher(config: BrokerConfig, log: Logger): DeadLetterPublisher {
  let session: Session | undefined;
  const connection = keepConnected({
    config,
    name: 'billing-app dead letters',
    log,
    setup: async (connection, lost) => {
      session = await openSession(connection, lost);
    },
    onLost: () => {
      session = undefined;
    },
  });
  return {
    publish: async (message, reason) => {
      if (!session) throw new Error('no connection to the broker');
      if (session.blocked) throw new Error('the broker takes no messages: it is short of memory or disk');
      await publish(session, message, reason);
    },
    close: () => connection.close(),
  };
}

async function openSession(connection: ChannelModel, lost: (cause: Error) => void): Promise<Session> {
  const channel = await connection.createConfirmChannel();
  const session = { channel, blocked: false, unroutable: false, lost };
  channel.on('error', lost);
  channel.on('close', () => lost(new Error('the channel was closed')));
  channel.on('return', () => (session.unroutable = true));
  connection.on('blocked', () => (session.blocked = true));
  connection.on('unblocked', () => (session.blocked = false));
  await channel.assertQueue(DEAD_LETTER_QUEUE, { durable: true, arguments: queueArguments[DEAD_LETTER_QUEUE] });
  return session;
}

async function publish(session: Session, { content, properties }: Message, reason: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // A channel that was refused once because the queue was full is refused even when there is room again: start afresh.
  const fail = (error: Error): void => {
    reject(error);
    session.lost(error);
  };
  const timer = setTimeout(
    () => fail(new Error('the broker did not confirm a dead letter in time')),
    CONFIRM_TIMEOUT_MS,
  );
  const onConfirm = (error: Error | null): void => {
    clearTimeout(timer);
    if (error) fail(new Error('the broker did not take a dead letter', { cause: error }));
    else if (session.unroutable) fail(new Error(`the queue ${DEAD_LETTER_QUEUE} is gone`));
    else resolve();
  };
  const send = (options: Options.Publish): boolean =>
    session.channel.publish(
      '',
      DEAD_LETTER_QUEUE,
      content,
      { ...options, persistent: true, mandatory: true },
      onConfirm,
    );
  try {
    send({ ...kept(properties), headers: { ...keptHeaders(properties.headers), [headers.reason]: reason } });
  } catch {
    // What another client put into the properties cannot always be written again; the body and the reason can.
    send({ headers: { [headers.reason]: reason } });
  }
  return promise;
}

/**
 * All properties but two: with `expiration` the broker would drop the dead letter after a while, and it refuses a
 * `userId` that is not this connection's.
 */
function kept({ expiration: _expiration, userId: _userId, ...rest }: Message['properties']): Options.Publish {
  return rest;
}

/** Without the headers that the broker would take as further queues to copy the message to. */
function keptHeaders({ CC: _cc, BCC: _bcc, ...rest }: Record<string, unknown> = {}): Record<string, unknown> {
  return rest;
}
