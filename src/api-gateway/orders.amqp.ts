import { ORDER_QUEUE, queueArguments } from '@orchestrator/contracts/queue.ts';
import { keepConnected } from '@orchestrator/kit/amqp.ts';
import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import type { Logger } from '@orchestrator/kit/log.ts';
import { Counter, Gauge, Histogram, registry } from '@orchestrator/kit/metrics.ts';
import { createTimeLimit } from '@orchestrator/kit/time-limit.ts';
import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';
import { createPublisher } from './orders.frames.ts';
import type { Message, OrderQueue, Outcome } from './orders.ts';
import { createPublications } from './publications.ts';

/** After this the outcome is unknown. The client waits 5 s at most for any answer. */
const CONFIRM_TIMEOUT_MS = 4000;

const confirmLimit = createTimeLimit(CONFIRM_TIMEOUT_MS);

/** Bounds what a broker that has stopped reading makes us keep in memory: 2000 messages of at most 16 KiB. */
const UNCONFIRMED_MAX = 2000;

/** How amqplib's callback names a `basic.nack`; its other error says that the channel closed. */
const NACK = 'message nacked';

const outcomes = new Counter({
  name: 'order_publishes_total',
  help: 'Orders handed to the broker, by outcome',
  labelNames: ['outcome'],
  registers: [registry],
});

const confirmDuration = new Histogram({
  name: 'order_confirm_duration_seconds',
  help: "Time from the publish to the broker's confirm",
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4],
  registers: [registry],
});

interface Connection extends OrderQueue {
  close: () => Promise<void>;
}

/** All that belongs to one connection. One that was given up ends late, and must not touch what belongs to the next. */
interface Session {
  channel: ConfirmChannel;
  alarm: { isRaised: boolean };
  publish: Publish;
  /** Gives the connection up for a new one. */
  lost: (cause: Error) => void;
}

/** The queue of orders, seen from the publisher: one connection, one channel in confirm mode, for as long as the program lives. */
export function connectOrderQueue(config: BrokerConfig, name: string, log: Logger): Connection {
  const publications = createPublications();
  let session: Session | undefined;
  let lastConfirmMs = 0;

  async function setup(connection: ChannelModel, lost: (cause: Error) => void): Promise<void> {
    const alarm = { isRaised: false };
    connection.on('blocked', (reason) => {
      alarm.isRaised = true;
      log.warn({ reason }, 'the broker takes no messages: it is short of memory or disk');
    });
    connection.on('unblocked', () => {
      alarm.isRaised = false;
      log.info('the broker takes messages again');
    });
    const channel = await connection.createConfirmChannel();
    const declareAgain = singly(() => {
      log.warn({ queue: ORDER_QUEUE }, 'the queue is missing: declaring it again');
      return declareQueues(channel);
    });
    channel.on('error', lost);
    channel.on('close', () => {
      if (session?.channel === channel) session = undefined;
      lost(new Error('the channel closed'));
    });
    channel.on('return', ({ properties }) => {
      publications.returned(Number(properties.correlationId));
      declareAgain().catch(lost);
    });
    await declareQueues(channel);
    session = { channel, alarm, publish: publisher(connection, channel), lost };
  }

  function onLost(): void {
    session = undefined;
    publications.lost();
  }

  function onTimeout(number: number): void {
    publications.timedOut(number);
    // A broker that is slow still confirms something. One that is silent is not waited for: another connection may do better.
    const silentMs = performance.now() - lastConfirmMs;
    if (silentMs >= CONFIRM_TIMEOUT_MS && !session?.alarm.isRaised)
      session?.lost(new Error('the broker confirms nothing'));
  }

  function onConfirm(number: number, error: Error | null): void {
    // Its channel closed: what was on the way was settled when the connection was lost.
    if (error && error.message !== NACK) return;
    lastConfirmMs = performance.now();
    if (error) publications.nacked(number);
    else publications.confirmed(number);
  }

  const isOpen = (): boolean =>
    session !== undefined && !session.alarm.isRaised && publications.unconfirmed() < UNCONFIRMED_MAX;

  async function publish(message: Message): Promise<Outcome> {
    if (!session || !isOpen()) return 'refused';
    const { number, outcome } = publications.open();
    const wait = confirmLimit.start(() => onTimeout(number));
    const startedMs = performance.now();
    session.publish(message, number, (error) => onConfirm(number, error));
    const settled = await outcome;
    confirmLimit.stop(wait);
    if (settled === 'confirmed') confirmDuration.observe((performance.now() - startedMs) / 1000);
    return settled;
  }

  const connection = keepConnected({ config, name, log, setup, onLost });
  observe(() => session !== undefined, publications.unconfirmed);
  return {
    publish: async (message) => {
      const outcome = await publish(message);
      outcomes.inc({ outcome });
      return outcome;
    },
    isOpen,
    close: connection.close,
  };
}

/** Runs the work unless it is running already. */
function singly(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= work().finally(() => (running = undefined)));
}

async function declareQueues(channel: Channel): Promise<void> {
  for (const [name, args] of Object.entries(queueArguments)) {
    await channel.assertQueue(name, { durable: true, arguments: args });
  }
}

type Publish = (message: Message, number: number, onConfirm: (error: Error | null) => void) => void;

/** What amqplib has and its types do not show. */
interface Internals {
  channel: { ch: number; pushConfirmCallback: (onConfirm: (error: Error | null) => void) => void };
  connection: { sendBytes: (bytes: Buffer) => void };
}

/** Publishes past amqplib's encoder, but not past its books: all messages of one turn of the event loop leave with one write. */
function publisher({ connection }: ChannelModel, confirmChannel: ConfirmChannel): Publish {
  const channel = confirmChannel as unknown as Internals['channel'];
  const { sendBytes } = connection as unknown as Internals['connection'];
  const encode = createPublisher(channel.ch);
  let pending = '';
  const flush = (): void => {
    sendBytes.call(connection, Buffer.from(pending, 'latin1'));
    pending = '';
  };
  return (message, number, onConfirm) => {
    if (!pending) setImmediate(flush);
    pending += encode(message, number);
    channel.pushConfirmCallback(onConfirm);
  };
}

function observe(isConnected: () => boolean, unconfirmed: () => number): void {
  const connected = new Gauge({
    name: 'broker_connected',
    help: '1 while there is a channel to the broker',
    registers: [registry],
    collect() {
      connected.set(isConnected() ? 1 : 0);
    },
  });
  const inFlight = new Gauge({
    name: 'order_publishes_in_flight',
    help: 'Messages that the broker has not confirmed yet',
    registers: [registry],
    collect() {
      inFlight.set(unconfirmed());
    },
  });
}
