import { ORDER_BODY_LIMIT_BYTES } from '@orchestrator/contracts/order.ts';
import { healthRoutes } from '@orchestrator/kit/http.health.ts';
import { createHttpServer } from '@orchestrator/kit/http.server.ts';
import type { Logger } from '@orchestrator/kit/log.ts';
import type { FastifyInstance } from 'fastify';
import { orderRoutes } from './orders.http.ts';
import type { OrderReader } from './orders.ts';

interface Parts {
  store: OrderReader;
  /** Rejects when orders are not being consumed and stored. */
  check: () => Promise<unknown>;
  log: Logger;
  stopping: AbortSignal;
}

/** billing-app's HTTP side, assembled and not yet listening. */
export function createApp({ store, check, log, stopping }: Parts): FastifyInstance {
  const app = createHttpServer({ log, bodyLimitBytes: ORDER_BODY_LIMIT_BYTES });
  healthRoutes(app, { check, stopping });
  orderRoutes(app, store);
  return app;
}
