import { listen } from '@orchestrator/kit/http.listen.ts';
import { createLifecycle } from '@orchestrator/kit/lifecycle.ts';
import { createLogger } from '@orchestrator/kit/log.ts';
import { serveMetrics } from '@orchestrator/kit/metrics.ts';
import { migrateWhenReachable } from '@orchestrator/kit/migrations.ts';
import { openPipeline } from '@orchestrator/kit/postgres.pipeline.ts';
import { openPool } from '@orchestrator/kit/postgres.ts';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { createMovieStore } from './movies.postgres.ts';

const SERVICE = 'inventory-app';

const config = readConfig();
const log = createLogger(SERVICE, config.logLevel);
const lifecycle = createLifecycle(log);

const pool = openPool(config.database, SERVICE, log);
lifecycle.onStop('database pool', () => pool.end());
const pipeline = openPipeline(pool, config.database, SERVICE, log);
lifecycle.onStop('database pipeline', pipeline.close);

let migrated = false;
const store = createMovieStore(pool, () => migrated, pipeline);
const app = createApp({ store, log, stopping: lifecycle.stopping });

await serveMetrics(config.host, config.metricsPort);
await listen(app, { host: config.host, port: config.port, drainMs: config.drainMs, lifecycle });

// The program is live, and says that it is not ready, until its database has been reached.
try {
  await migrateWhenReachable(config.database, new URL('migrations/', import.meta.url), log, lifecycle.stopping);
  migrated = true;
} catch (error) {
  if (!lifecycle.stopping.aborted) lifecycle.fail(error);
}
