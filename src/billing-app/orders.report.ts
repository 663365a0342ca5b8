import { headers } from '@orchestrator/contracts/queue.ts';
import type { Delivery } from '@orchestrator/kit/amqp.deliveries.ts';
import type { Logger } from '@orchestrator/kit/log.ts';
import { Counter, Histogram, registry } from '@orchestrator/kit/metrics.ts';
import { traceIdOf } from '@orchestrator/kit/trace.ts';
import type { Rejection } from './orders.ts';

export interface Settled {
  trackingId: string;
  delivery: Delivery;
  verdict: 'stored' | 'duplicate';
}

const storedTotal = new Counter({
  name: 'orders_stored_total',
  help: 'Orders that got a row',
  registers: [registry],
});

const duplicateTotal = new Counter({
  name: 'orders_duplicate_total',
  help: 'Deliveries of orders that were stored before: acknowledged, nothing stored',
  registers: [registry],
});

const deadLetteredTotal = new Counter({
  name: 'orders_dead_lettered_total',
  help: 'Messages moved to the dead-letter queue, by kind of reason',
  labelNames: ['kind'],
  registers: [registry],
});

const batchSize = new Histogram({
  name: 'orders_batch_size',
  help: 'Orders stored with one INSERT',
  buckets: [1, 5, 10, 25, 50, 100, 250, 500, 1000],
  registers: [registry],
});

const publishToStored = new Histogram({
  name: 'orders_publish_to_stored_seconds',
  help: 'Age of an order when it was stored, where its message has a timestamp (whole seconds)',
  buckets: [1, 2, 5, 15, 60, 300, 900, 3600],
  registers: [registry],
});

/** A line for each order tells its trace as well, but costs a third of the throughput of full batches. */
const LINE_EACH_MAX = 10;

/** Counts and logs orders of one batch that are settled. */
export function reportSettled(settled: readonly Settled[], log: Logger): void {
  const stored = settled.filter(({ verdict }) => verdict === 'stored');
  batchSize.observe(settled.length);
  storedTotal.inc(stored.length);
  duplicateTotal.inc(settled.length - stored.length);
  const nowS = Date.now() / 1000;
  for (const { delivery } of stored) {
    if (delivery.timestamp !== undefined) publishToStored.observe(Math.max(0, nowS - delivery.timestamp));
  }
  if (settled.length <= LINE_EACH_MAX) {
    for (const { trackingId, delivery, verdict } of settled) {
      log.info({ tracking_id: trackingId, ...origin(delivery) }, `order ${verdict}`);
    }
  } else {
    const ids = settled.map(({ trackingId }) => trackingId);
    log.info({ stored: stored.length, duplicates: settled.length - stored.length, tracking_ids: ids }, 'orders stored');
  }
}

/** Counts and logs an order that is among the dead letters now. */
export function reportRejected(
  trackingId: string | undefined,
  { kind, reason }: Rejection,
  delivery: Delivery,
  log: Logger,
): void {
  deadLetteredTotal.inc({ kind });
  log.warn({ tracking_id: trackingId, ...origin(delivery), reason }, 'order rejected');
}

/** A request id longer than the gateway's own is somebody else's text. */
const REQUEST_ID_MAX = 64;

/** What leads from a log line back to the request that carried the order. */
function origin(delivery: Delivery): { trace_id: string | undefined; request_id: string | undefined } {
  const { [headers.traceParent]: traceParent, [headers.requestId]: requestId } =
    delivery.message.properties.headers ?? {};
  return {
    trace_id: traceIdOf(traceParent),
    request_id: typeof requestId === 'string' ? requestId.slice(0, REQUEST_ID_MAX) : undefined,
  };
}
