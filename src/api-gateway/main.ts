import { listen } from '@orchestrator/kit/http.listen.ts';
import { createLifecycle } from '@orchestrator/kit/lifecycle.ts';
import { createLogger } from '@orchestrator/kit/log.ts';
import { serveMetrics } from '@orchestrator/kit/metrics.ts';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { connectOrderQueue } from './orders.amqp.ts';

const SERVICE = 'api-gateway';

const config = readConfig();
const log = createLogger(SERVICE, config.logLevel);
const lifecycle = createLifecycle(log);

// Stopped last: every request has its confirm before the connection to the broker closes.
const queue = connectOrderQueue(config.broker, SERVICE, log);
lifecycle.onStop('broker connection', queue.close);

const { inventoryUrl, billingUrl } = config;
const app = createApp({ queue, inventoryUrl, billingUrl, log, stopping: lifecycle.stopping });

await serveMetrics(config.host, config.metricsPort);
await listen(app, { host: config.host, port: config.port, drainMs: config.drainMs, lifecycle });
