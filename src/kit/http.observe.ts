import type { FastifyInstance } from 'fastify';
import { infoLine } from './log.ts';
import type { Logger } from './log.ts';
import type { AnyResponse } from './http.plain.response.ts';
import { Gauge, Histogram, registry } from './metrics.ts';
import { continueTrace } from './trace.ts';
import type { Trace } from './trace.ts';

declare module 'fastify' {
  interface FastifyRequest {
    trace: Trace;
    report: Report | undefined;
  }
}

export interface Report {
  message: string;
  facts: Readonly<Record<string, unknown>>;
}

const duration = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Time from the request line to the end of the answer; its count gives rate and errors',
  labelNames: ['method', 'route', 'status'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  registers: [registry],
});

const inFlight = new Gauge({
  name: 'http_requests_in_flight',
  help: 'Requests that have begun and are not answered yet',
  registers: [registry],
});

/** Probes come every few seconds from every node: they are counted, not logged. */
const isProbe = (route: string): boolean => route.startsWith('/health/');

/** A request as it is told of: the id and the trace are safe to write down as they are. */
export interface Observed {
  readonly id: string;
  readonly trace: Trace;
  readonly method: string;
  /** What the log line of this request says beside what all of them say. */
  report: Report | undefined;
}

/** Counts a request, and at its end gives it its place in the metrics and its log line: once, also where the client went away. */
export function observe(observed: Observed, route: string, response: AnyResponse, log: Logger): void {
  const startMs = performance.now();
  inFlight.inc();
  response.on('close', () => {
    inFlight.dec();
    const durationMs = performance.now() - startMs;
    const { id, trace, method, report } = observed;
    const { statusCode: status } = response;
    duration.observe({ method, route, status }, durationMs / 1000);
    if (isProbe(route)) return;
    const aborted = response.writableFinished ? '' : ',"aborted":true';
    const facts = report ? `,${JSON.stringify(report.facts).slice(1, -1)}` : '';
    infoLine(
      log,
      `"request_id":"${id}","trace_id":"${trace.traceId}","method":"${method}","route":"${route}",` +
        `"status":${status},"duration_ms":${Math.round(durationMs)}${aborted}${facts}`,
      report?.message ?? 'request',
    );
  });
}

/** Gives each request its trace and its id, one log line at its end, and its place in the metrics. */
export function observeRequests(app: FastifyInstance, log: Logger): void {
  app.decorateRequest('trace');
  app.decorateRequest('report');
  app.addHook('onRequest', (request, reply, done) => {
    request.trace = continueTrace(request.headers['traceparent'], request.headers['tracestate']);
    reply.header('x-request-id', request.id);
    observe(request, request.routeOptions.url ?? 'none', reply.raw, log);
    done();
  });
}
