import type { FastifyInstance } from 'fastify';

/** How long a readiness check may take; below the probe's own timeout of the manifests. */
const CHECK_TIMEOUT_MS = 1000;

interface Health {
  /** Resolves when the program can do its work; rejects with the reason when it cannot. */
  check: () => Promise<unknown>;
  stopping: AbortSignal;
}

/**
 * `GET /health/live`: the process answers; it never depends on another system. `GET /health/ready`: it can do its work;
 * 503 with the reason otherwise, and from the moment the program is asked to stop.
 */
export function healthRoutes(app: FastifyInstance, { check, stopping }: Health): void {
  app.get('/health/live', async () => ({ status: 'live' }));
  app.get('/health/ready', async (_request, reply) => {
    if (stopping.aborted) return reply.code(503).send({ status: 'not ready', reason: 'stopping' });
    try {
      await Promise.race([check(), timeout()]);
      return { status: 'ready' };
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      return reply.code(503).send({ status: 'not ready', reason });
    }
  });
}

async function timeout(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  setTimeout(() => reject(new Error('a system it needs does not answer')), CHECK_TIMEOUT_MS).unref();
  return promise;
}
