import { answerProblem } from '@orchestrator/kit/http.problems.ts';
import { observe } from '@orchestrator/kit/http.observe.ts';
import type { PlainResponse } from '@orchestrator/kit/http.plain.response.ts';
import type { Shortcut } from '@orchestrator/kit/http.plain.ts';
import { oddity } from '@orchestrator/kit/http.protocol.ts';
import { requestId } from '@orchestrator/kit/http.server.ts';
import type { Logger } from '@orchestrator/kit/log.ts';
import { continueTrace } from '@orchestrator/kit/trace.ts';
import type { Exchange } from './forwarded.ts';

const MOVIES = /^\/api\/movies(\/[0-9]{1,64})?\/?(\?.*)?$/;

interface Parts {
  exchange: Exchange;
  /** The limit that all requests share. */
  inFlight: { isReached: () => boolean; count: (response: PlainResponse) => void };
  log: Logger;
  stopping: AbortSignal;
}

/**
 * The way of most requests for movies, past Fastify, whose objects and hooks for each would cost as much as handing it on. What is
 * not plain, or is refused, goes through the routes of movies.proxy.ts, to the same end.
 */
export function movieShortcut({ exchange, inFlight, log, stopping }: Parts): Shortcut {
  return (request, response) => {
    const [all, id = '', query = ''] = MOVIES.exec(request.url) ?? [];
    if (all === undefined || inFlight.isReached() || oddity(request)) return false;
    const { method, headers: sent } = request;
    const trace = continueTrace(sent['traceparent'], sent['tracestate']);
    const observed = { id: requestId(request), trace, method };
    const headers = { 'x-request-id': observed.id, ...(stopping.aborted && { connection: 'close' }) };
    observe(observed, response, log, () => ({ route: id ? '/api/movies/:id' : '/api/movies' }));
    inFlight.count(response);
    exchange({
      request,
      observed,
      target: `/api/movies${id}${query}`,
      response,
      headers,
      onTaken: () => undefined,
      onProblem: (problem) => answerProblem(response, problem, { id: observed.id, log, headers }),
    });
    return true;
  };
}
