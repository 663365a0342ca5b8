import { Problem } from '@orchestrator/contracts/problem.ts';
import type { AnyResponse } from '@orchestrator/kit/http.plain.response.ts';
import type { FastifyInstance } from 'fastify';

/** Counts the requests that are under way. */
export interface InFlightLimit {
  isReached: () => boolean;
  /** Counts a request until it is answered or its client has gone. */
  count: (response: AnyResponse) => void;
}

/** Refuses requests beyond so many at a time, so that the rest are answered in time. Health is never refused. */
export function limitRequestsInFlight(app: FastifyInstance, max: number): InFlightLimit {
  let inFlight = 0;
  const leave = (): void => {
    inFlight -= 1;
  };
  const limit: InFlightLimit = {
    isReached: () => inFlight >= max,
    count: (response) => {
      inFlight += 1;
      response.on('close', leave);
    },
  };
  app.addHook('onRequest', (request, reply, done) => {
    if (request.url.startsWith('/health/')) {
      done();
    } else if (limit.isReached()) {
      done(tooMany());
    } else {
      limit.count(reply.raw);
      done();
    }
  });
  return limit;
}

function tooMany(): Problem {
  return new Problem('too_many_requests', 'More requests are under way than can be served: send it again', {
    headers: { 'retry-after': '1' },
  });
}
