import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Lifecycle } from './lifecycle.ts';

/** Any answer takes less; what is still being sent then, to a reader of a long list who takes his time, is broken off. */
const FINISH_TIMEOUT_MS = 5000;

interface ListenOptions {
  host: string;
  port: number;
  /** How long the port stays open after the stop signal: until every load balancer has taken this process out. */
  drainMs: number;
  lifecycle: Lifecycle;
}

/**
 * Opens the port, and at the stop closes it without losing a request: answers go on for `drainMs`, each with
 * `Connection: close` so that clients connect elsewhere; then no new connection is taken and what is in hand is finished.
 */
export async function listen(app: FastifyInstance, { host, port, drainMs, lifecycle }: ListenOptions): Promise<void> {
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (lifecycle.stopping.aborted) reply.header('connection', 'close');
    done(null, payload);
  });
  await app.listen({ host, port });
  lifecycle.onStop('http server', async () => {
    await delay(drainMs);
    const timer = setTimeout(() => app.server.closeAllConnections(), FINISH_TIMEOUT_MS);
    await app.close();
    clearTimeout(timer);
  });
}
