import { Counter, Histogram, registry } from '@orchestrator/kit/metrics.ts';

export const storedTotal = new Counter({
  name: 'orders_stored_total',
  help: 'Orders that got a row',
  registers: [registry],
});

export const duplicateTotal = new Counter({
  name: 'orders_duplicate_total',
  help: 'Deliveries of orders that were stored before: acknowledged, nothing stored',
  registers: [registry],
});

export const deadLetteredTotal = new Counter({
  name: 'orders_dead_lettered_total',
  help: 'Messages moved to the dead-letter queue, by kind of reason',
  labelNames: ['kind'],
  registers: [registry],
});

export const batchSize = new Histogram({
  name: 'orders_batch_size',
  help: 'Orders stored with one INSERT',
  buckets: [1, 5, 10, 25, 50, 100, 250, 500],
  registers: [registry],
});

export const publishToStored = new Histogram({
  name: 'orders_publish_to_stored_seconds',
  help: 'Age of an order when it was stored, where its message has a timestamp (whole seconds)',
  buckets: [1, 2, 5, 15, 60, 300, 900, 3600],
  registers: [registry],
});
