import { Problem } from '@orchestrator/contracts/problem.ts';
import type { FastifyInstance } from 'fastify';

/** Refuses requests beyond so many at a time, so that the rest are answered in time. Health is never refused. */
export function limitRequestsInFlight(app: FastifyInstance, max: number): void {
  let inFlight = 0;
  app.addHook('onRequest', async (request, reply) => {
    if (request.url.startsWith('/health/')) return;
    if (inFlight >= max) {
      throw new Problem('too_many_requests', 'More requests are under way than can be served: send it again', {
        headers: { 'retry-after': '1' },
      });
    }
    inFlight += 1;
    reply.raw.once('close', () => {
      inFlight -= 1;
    });
  });
}
