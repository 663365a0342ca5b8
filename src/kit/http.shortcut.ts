import type { FastifyInstance } from 'fastify';
import { observe } from './http.observe.ts';
import type { Observed } from './http.observe.ts';
import type { PlainRequest } from './http.plain.request.ts';
import type { PlainResponse } from './http.plain.response.ts';
import type { PlainServer } from './http.plain.ts';
import { answerProblem } from './http.problems.ts';
import { oddity } from './http.protocol.ts';
import { requestId } from './http.server.ts';
import type { Logger } from './log.ts';
import { continueTrace } from './trace.ts';

/** A plain request that goes past Fastify. Its id, log line and place in the metrics are seen to. */
export interface Taken {
  request: PlainRequest;
  observed: Observed;
  response: PlainResponse;
  /** What the answer has in its head in any case. */
  headers: Readonly<Record<string, string>>;
  /** Answers an error as a problem. */
  fail: (error: Error) => void;
}

/** How a request is answered. */
export interface Way {
  /** As it is named in the metrics. */
  route: string;
  /** What every answer has in its head, by names in lower case. */
  headers?: Readonly<Record<string, string>>;
  answer: (taken: Taken) => void;
}

/** Undefined leaves the request to Fastify. */
export type Take = (request: PlainRequest) => Way | undefined;

/**
 * The way past Fastify for requests that come by the thousands, where its objects and hooks for each cost as much as all else.
 * Only what is plain and right goes this way; whatever is refused, or is anything unusual, is left to the routes.
 */
export function takeShortcut(app: FastifyInstance, take: Take, log: Logger, stopping: AbortSignal): void {
  (app.server as PlainServer).shortcut = (request, response) => {
    const way = oddity(request) ? undefined : take(request);
    if (!way) return false;
    const { method, headers: sent } = request;
    const trace = continueTrace(sent['traceparent'], sent['tracestate']);
    const observed: Observed = { id: requestId(request), trace, method, report: undefined };
    const headers = { 'x-request-id': observed.id, ...way.headers, ...(stopping.aborted && { connection: 'close' }) };
    const fail = (error: Error): void => answerProblem(response, error, { id: observed.id, log, headers });
    observe(observed, way.route, response, log);
    way.answer({ request, observed, response, headers, fail });
    return true;
  };
}
