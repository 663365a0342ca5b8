import { Problem } from '@orchestrator/contracts/problem.ts';
import type { FastifyInstance } from 'fastify';

/** Refuses requests beyond so many at a time, so that the rest are answered in time. Health is never refused. */
export function limitRequestsInFlight(app: FastifyInstance, max: number): void {
  let inFlight = 0;
  app.addHook('onRequest', (request, reply, done) => {
    if (request.url.startsWith('/health/')) {
      done();
    } else if (inFlight >= max) {
      done(tooMany());
    } else {
      inFlight += 1;
      reply.raw.once('close', () => {
        inFlight -= 1;
      });
      done();
    }
  });
}

function tooMany(): Problem {
  return new Problem('too_many_requests', 'More requests are under way than can be served: send it again', {
    headers: { 'retry-after': '1' },
  });
}
