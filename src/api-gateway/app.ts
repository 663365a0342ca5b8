import { MOVIE_BODY_LIMIT_BYTES } from '@orchestrator/contracts/movie.ts';
import { ORDER_BODY_LIMIT_BYTES } from '@orchestrator/contracts/order.ts';
import { healthRoutes } from '@orchestrator/kit/http.health.ts';
import { Problem } from '@orchestrator/contracts/problem.ts';
import { createHttpServer } from '@orchestrator/kit/http.server.ts';
import { takeShortcut } from '@orchestrator/kit/http.shortcut.ts';
import type { Logger } from '@orchestrator/kit/log.ts';
import type { FastifyInstance } from 'fastify';
import { docsRoutes } from './docs.http.ts';
import { movieRoutes } from './movies.proxy.ts';
import { movieShortcut } from './movies.shortcut.ts';
import { createAccept } from './orders.accept.ts';
import { orderRoutes, orderShortcut } from './orders.http.ts';
import type { OrderQueue } from './orders.ts';
import { limitRequestsInFlight } from './overload.http.ts';
import { createReadinessCheck } from './readiness.http.ts';
import { openUpstream } from './upstream.proxy.ts';

/** At some thousand answers a second the last of so many is still answered in time; more would only fail later. */
const REQUESTS_IN_FLIGHT_MAX = 2000;

/** A gateway that has just started joins the others only with its broker connection, lest it refuse orders that they would take. */
const BROKER_GRACE_MS = 3000;

interface Parts {
  queue: OrderQueue;
  inventoryUrl: string;
  billingUrl: string;
  log: Logger;
  stopping: AbortSignal;
}

/** The gateway's HTTP side, not listening yet. */
export function createApp({ queue, inventoryUrl, billingUrl, log, stopping }: Parts): FastifyInstance {
  const app = createHttpServer({ log, bodyLimitBytes: ORDER_BODY_LIMIT_BYTES });
  const inFlight = limitRequestsInFlight(app, REQUESTS_IN_FLIGHT_MAX);

  const inventory = openUpstream({
    origin: inventoryUrl,
    name: 'inventory-app',
    bodyLimitBytes: MOVIE_BODY_LIMIT_BYTES,
    stopping,
  });
  const billing = openUpstream({
    origin: billingUrl,
    name: 'billing-app',
    bodyLimitBytes: ORDER_BODY_LIMIT_BYTES,
    stopping,
  });
  app.addHook('onClose', async () => {
    await Promise.all([inventory.close(), billing.close()]);
  });

  // One half of the system is worth being ready for: without the broker movies are served, and without inventory-app orders taken.
  const inventoryReady = createReadinessCheck(inventoryUrl);
  const startedMs = performance.now();
  const check = async (): Promise<void> => {
    if (queue.isOpen()) return;
    if (performance.now() - startedMs < BROKER_GRACE_MS) {
      throw new Problem('not_ready', 'The broker has not been reached yet');
    }
    await inventoryReady();
  };
  healthRoutes(app, { check, stopping });

  movieRoutes(app, inventory.forward);
  const accept = createAccept(queue, log);
  void app.register(orderRoutes, { accept, forward: billing.forward });
  const [movie, order] = [
    movieShortcut({ exchange: inventory.exchange, inFlight }),
    orderShortcut({ accept, inFlight }),
  ];
  takeShortcut(app, (request) => movie(request) ?? order(request), log, stopping);
  void app.register(docsRoutes);
  return app;
}
