import { listen } from '@orchestrator/kit/http.listen.ts';
import { createLifecycle } from '@orchestrator/kit/lifecycle.ts';
import { createLogger } from '@orchestrator/kit/log.ts';
import { serveMetrics } from '@orchestrator/kit/metrics.ts';
import { migrateWhenReachable } from '@orchestrator/kit/migrations.ts';
import { openPool } from '@orchestrator/kit/postgres.ts';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { createDeadLetterPublisher } from './dead-letters.amqp.ts';
import { consumeOrders } from './orders.amqp.ts';
import type { OrderConsumer } from './orders.amqp.ts';
import { createOrderStore } from './orders.postgres.ts';

const SERVICE = 'billing-app';

const config = readConfig();
const log = createLogger(SERVICE, config.logLevel);
const lifecycle = createLifecycle(log);

const pool = openPool(config.database, SERVICE, log);
lifecycle.onStop('database pool', () => pool.end());

let consumer: OrderConsumer | undefined;
const store = createOrderStore(pool, () => consumer !== undefined);
const check = async (): Promise<void> => {
  await store.check();
  consumer?.check();
};
const app = createApp({ store, check, log, stopping: lifecycle.stopping });

await serveMetrics(config.host, config.metricsPort);
await listen(app, { host: config.host, port: config.port, drainMs: config.drainMs, lifecycle });

// In the background: the program is live, and says that it is not ready, while its database is away.
migrateWhenReachable(config.database, new URL('migrations/', import.meta.url), log, lifecycle.stopping).then(
  consume,
  (error: unknown) => {
    if (!lifecycle.stopping.aborted) lifecycle.fail(error);
  },
);

function consume(): void {
  if (lifecycle.stopping.aborted) return;
  const deadLetters = createDeadLetterPublisher(config.broker, log);
  lifecycle.onStop('dead-letter publisher', () => deadLetters.close());
  consumer = consumeOrders({ config: config.broker, store, bury: deadLetters.publish, log });
  lifecycle.onStop('order consumer', () => consumer?.close());
}
