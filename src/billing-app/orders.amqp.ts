import { once } from 'node:events';
import { Problem } from '@orchestrator/contracts/problem.ts';
import { DEAD_LETTER_QUEUE, ORDER_QUEUE, queueArguments } from '@orchestrator/contracts/queue.ts';
import { consumeDeliveries } from '@orchestrator/kit/amqp.deliveries.ts';
import type { Delivery } from '@orchestrator/kit/amqp.deliveries.ts';
import { keepConnected } from '@orchestrator/kit/amqp.ts';
import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import type { Logger } from '@orchestrator/kit/log.ts';
import { retry } from '@orchestrator/kit/retry.ts';
import type { Channel, ConsumeMessage } from 'amqplib';
import { inBatches } from './batches.ts';
import type { Batches } from './batches.ts';
import { freshTrackingId, identify, readOrder } from './orders.ts';
import type { Order, OrderWriter, RejectedOrder, Rejection, Verdict } from './orders.ts';
import { reportRejected, reportSettled } from './orders.report.ts';
import type { Settled } from './orders.report.ts';

/** The larger a batch, the less an order costs: this is half of what the broker lets a consumer have in hand. */
const BATCH_MAX = 1000;

/** The next batch arrives while one is stored. From a quorum queue 2000 is the most. */
const PREFETCH = 2 * BATCH_MAX;

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 2000;

/** The broker closes a channel that leaves a delivery unacknowledged for 30 minutes; before that it is given back. */
const HOLD_LIMIT_MS = 10 * 60_000;

interface ConsumerOptions {
  config: BrokerConfig;
  store: OrderWriter;
  /** Resolves when the message is safe among the dead letters; rejects when it has to be published again. */
  bury: (message: ConsumeMessage, reason: string) => Promise<void>;
  log: Logger;
}

export interface OrderConsumer {
  /** Throws a Problem when orders are not being stored right now. */
  check: () => void;
  /** Takes no more orders, finishes and acknowledges the batch in hand; what waits behind it returns to the queue. */
  close: () => Promise<void>;
}

/** Consumes the order queue for ever. A queue that is missing, or is deleted while it is consumed, is declared again. */
export function consumeOrders(options: ConsumerOptions): OrderConsumer {
  let consumption: Consumption | undefined;
  const connection = keepConnected({
    config: options.config,
    name: 'billing-app orders',
    log: options.log,
    setup: async (connection, lost) => {
      const channel = await connection.createChannel();
      const fresh = new Consumption(channel, options, lost);
      await fresh.start();
      consumption = fresh;
    },
    onLost: () => {
      consumption = undefined;
    },
  });
  return {
    check: () => {
      if (!consumption) throw new Problem('not_ready', 'The queue is not being consumed');
      if (consumption.holding) throw new Problem('not_ready', 'Orders are held until they can be stored');
    },
    close: async () => {
      await consumption?.finish();
      await connection.close();
    },
  };
}

interface Arrival extends Order {
  delivery: Delivery;
}

interface RejectedArrival {
  delivery: Delivery;
  rejection: Rejection;
}

/** The deliveries of one channel, from arrival to acknowledgement; after its end the broker delivers them again. */
class Consumption {
  /** A batch could not be stored and is tried again. */
  holding = false;

  readonly #channel: Channel;
  readonly #options: ConsumerOptions;
  readonly #lost: (cause: Error) => void;
  readonly #ending = new AbortController();
  readonly #orders: Batches<Arrival>;
  readonly #rejected: Batches<RejectedArrival>;

  constructor(channel: Channel, options: ConsumerOptions, lost: (cause: Error) => void) {
    this.#channel = channel;
    this.#options = options;
    this.#lost = lost;
    const onFailure = (error: unknown): void => {
      if (!this.#ending.signal.aborted) lost(new Error('a batch failed', { cause: error }));
    };
    this.#orders = inBatches(BATCH_MAX, (batch) => this.#settle(batch), onFailure);
    this.#rejected = inBatches(BATCH_MAX, (batch) => this.#bury(batch), onFailure);
    channel.on('error', lost);
    channel.on('close', () => {
      if (!this.#ending.signal.aborted) lost(new Error('the channel was closed'));
      void this.#end();
    });
  }

  async start(): Promise<void> {
    for (const queue of [DEAD_LETTER_QUEUE, ORDER_QUEUE] as const) {
      await this.#channel.assertQueue(queue, { durable: true, arguments: queueArguments[queue] });
    }
    await this.#channel.prefetch(PREFETCH);
    await consumeDeliveries(this.#channel, ORDER_QUEUE, (delivery) => this.#arrive(delivery));
  }

  /** Finishes the batch in hand and closes the channel. */
  async finish(): Promise<void> {
    await this.#end();
    try {
      // A broker asked to close the whole connection would drop acknowledgements that it has not worked off yet.
      await Promise.race([this.#channel.close(), once(this.#channel, 'close')]);
    } catch {
      // It is closed already.
    }
  }

  /** Lets the batch in hand end, but not begin again. */
  async #end(): Promise<void> {
    this.#ending.abort();
    await Promise.all([this.#orders.stop(), this.#rejected.stop()]);
  }

  #arrive(delivery: Delivery | null): void {
    if (delivery === null) {
      this.#lost(new Error(`the queue ${ORDER_QUEUE} was deleted`));
      return;
    }
    const values = readOrder(delivery.content);
    if ('reason' in values) {
      this.#rejected.push({ delivery, rejection: values });
    } else {
      const trackingId = identify(delivery.messageId) ?? freshTrackingId();
      this.#orders.push({ trackingId, values, delivery });
    }
  }

  async #settle(batch: Arrival[]): Promise<void> {
    const verdicts = await this.#hold('orders cannot be stored', () => this.#store(batch));
    const settled: Settled[] = [];
    for (const [index, { trackingId, delivery }] of batch.entries()) {
      const verdict = verdicts[index];
      if (typeof verdict === 'string') settled.push({ trackingId, delivery, verdict });
      else if (verdict) this.#rejected.push({ delivery, rejection: verdict });
    }
    this.#acknowledge(settled);
    reportSettled(settled, this.#options.log);
  }

  async #store(orders: Order[]): Promise<Verdict[]> {
    try {
      const verdicts = await this.#options.store.store(orders);
      this.holding = false;
      return verdicts;
    } catch (error) {
      this.holding = true;
      throw error;
    }
  }

  /** Publishes to the dead letters, then records, then acknowledges: nothing is lost wherever it stops. */
  async #bury(batch: RejectedArrival[]): Promise<void> {
    const { store, bury, log } = this.#options;
    let left = batch;
    await this.#hold('rejected orders cannot be moved to the dead letters', async () => {
      const outcomes = await Promise.allSettled(
        left.map(({ delivery, rejection }) => bury(delivery.message, rejection.reason)),
      );
      const failure = outcomes.find((outcome) => outcome.status === 'rejected');
      left = left.filter((_, index) => outcomes[index]?.status === 'rejected');
      if (failure) throw failure.reason;
      await store.reject(batch.flatMap(identified));
    });
    for (const { delivery, rejection } of batch) {
      reportRejected(identify(delivery.messageId), rejection, delivery, log);
      this.#acknowledge([{ delivery }]);
    }
  }

  /** Repeats until it succeeds, or this consumption ends. Nothing is acknowledged meanwhile. */
  async #hold<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    const onFailure = (error: unknown, nextDelayMs: number): void => {
      this.#options.log.warn({ err: error, nextDelayMs }, what);
      if (performance.now() - startMs > HOLD_LIMIT_MS) this.#lost(new Error(`${what}: giving them back for now`));
    };
    const { signal } = this.#ending;
    return retry(attempt, { firstDelayMs: FIRST_DELAY_MS, maxDelayMs: MAX_DELAY_MS, signal, onFailure });
  }

  #acknowledge(settled: ReadonlyArray<{ delivery: Delivery }>): void {
    const last = settled.at(-1);
    try {
      // Up to the last one all is settled, unless a rejected order is still on its way to the dead letters.
      if (last && this.#rejected.size === 0) this.#channel.ack(last.delivery.message, true);
      else for (const { delivery } of settled) this.#channel.ack(delivery.message);
    } catch {
      // The channel is gone: they are delivered again, and found to be stored.
    }
  }
}

function identified({ delivery, rejection }: RejectedArrival): RejectedOrder[] {
  const trackingId = identify(delivery.messageId);
  return trackingId === undefined ? [] : [{ ...rejection, trackingId }];
}
