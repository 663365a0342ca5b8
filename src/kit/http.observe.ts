import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Gauge, Histogram, registry } from './metrics.ts';
import { continueTrace } from './trace.ts';
import type { Trace } from './trace.ts';

declare module 'fastify' {
  interface FastifyRequest {
    trace: Trace;
    /** What the log line of this request says beside what all of them say. */
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
const isProbe = (request: FastifyRequest): boolean => request.url.startsWith('/health/');

/** Gives each request its trace and its id, one log line at its end, and its place in the metrics. */
export function observeRequests(app: FastifyInstance): void {
  app.decorateRequest('trace');
  app.decorateRequest('report');
  app.addHook('onRequest', (request, reply, done) => {
    inFlight.inc();
    request.trace = continueTrace(request.headers['traceparent'], request.headers['tracestate']);
    reply.header('x-request-id', request.id);
    // Once per request, whether the answer was sent whole or the client went away.
    reply.raw.once('close', () => {
      inFlight.dec();
      const route = request.routeOptions.url ?? 'none';
      const { statusCode } = reply.raw;
      duration.observe({ method: request.method, route, status: statusCode }, reply.elapsedTime / 1000);
      if (isProbe(request)) return;
      request.log.info(
        {
          request_id: request.id,
          trace_id: request.trace.traceId,
          method: request.method,
          route,
          status: statusCode,
          duration_ms: Math.round(reply.elapsedTime),
          ...(!reply.raw.writableFinished && { aborted: true }),
          ...request.report?.facts,
        },
        request.report?.message ?? 'request',
      );
    });
    done();
  });
}
