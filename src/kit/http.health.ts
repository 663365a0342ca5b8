import { setTimeout as delay } from 'node:timers/promises';
import { Problem } from '@orchestrator/contracts/problem.ts';
import type { FastifyInstance } from 'fastify';

/** How long a readiness check may take; below the probe's own timeout of the manifests. */
const CHECK_TIMEOUT_MS = 1000;

interface Health {
  /** Resolves when the program can do its work; rejects when it cannot. A Problem's text is shown, nothing else is. */
  check: () => Promise<unknown>;
  stopping: AbortSignal;
}

/**
 * `GET /health/live`: the process answers; it never depends on another system. `GET /health/ready`: it can do its work;
 * 503 `not_ready` otherwise, and from the moment the program is asked to stop.
 */
export function healthRoutes(app: FastifyInstance, { check, stopping }: Health): void {
  app.get('/health/live', async () => ({ status: 'live' }));
  app.get('/health/ready', async () => {
    if (stopping.aborted) throw notReady('This process is stopping');
    try {
      await Promise.race([check(), tooLong()]);
    } catch (cause) {
      throw notReady(cause instanceof Problem ? cause.message : 'A system that it needs cannot be reached', cause);
    }
    return { status: 'ready' };
  });
}

function notReady(detail: string, cause?: unknown): Problem {
  return new Problem('not_ready', detail, { cause, headers: { 'retry-after': '1' } });
}

async function tooLong(): Promise<never> {
  await delay(CHECK_TIMEOUT_MS, undefined, { ref: false });
  throw new Problem('not_ready', 'A system that it needs does not answer in time');
}
