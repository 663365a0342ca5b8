import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import Fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyInstance, FastifySchemaCompiler } from 'fastify';
import { answerProblems, answerUnparsable, sendProblem } from './http.problems.ts';
import { parseJsonBodies } from './http.json.ts';
import { observeRequests } from './http.observe.ts';
import { PlainServer } from './http.plain.ts';
import { refuseOddRequests } from './http.protocol.ts';
import type { Logger } from './log.ts';
import type { QuerySchema } from './validation.ts';
import { compileBodyCheck, compileQueryCheck } from './validation.ts';

/** A whole request, body included, must arrive within this time: slow senders are cut off (Fastify's default is never). */
const REQUEST_TIMEOUT_MS = 10_000;

/** How often Node looks for requests beyond their time; its default of 30 s would let them live four times as long. */
const TIMEOUT_CHECK_INTERVAL_MS = 1000;

/** Shorter than most clients' own idle limit would race with it; longer than a browser's pause between clicks. */
const KEEP_ALIVE_TIMEOUT_MS = 30_000;

const MAX_HEADER_BYTES = 8192;
const MAX_CONNECTIONS = 10_000;

/** A caller's request id is taken over only when it is short and clean enough for a log. */
const REQUEST_ID = /^[\w.:-]{1,64}$/;

export interface HttpOptions {
  log: Logger;
  bodyLimitBytes: number;
}

/** A Fastify instance with every limit set, JSON bodies, problem+json for every error, metrics, one log line a request. */
export function createHttpServer({ log, bodyLimitBytes }: HttpOptions): FastifyInstance {
  const loggerInstance: FastifyBaseLogger = log;
  const app = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    // Those few who log name the request themselves: a logger for each request costs more than its line.
    childLoggerFactory: (logger) => logger,
    clientErrorHandler: answerUnparsable,
    frameworkErrors: (error, request, reply) => void sendProblem(request, reply, error),
    bodyLimit: bodyLimitBytes,
    serverFactory: createPlainServer,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    genReqId: requestId,
    // Given at once, so that Fastify does not load its own.
    schemaController: {
      compilersFactory: {
        // Its type is that of the compiler which it replaces.
        buildValidator: () => compileCheck as never,
        buildSerializer: () => () => JSON.stringify,
      },
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 64 },
  });
  observeRequests(app, log);
  refuseOddRequests(app);
  answerProblems(app);
  parseJsonBodies(app, bodyLimitBytes);
  return app;
}

function createPlainServer(handler: (request: IncomingMessage, response: ServerResponse) => void): PlainServer {
  const server = new PlainServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
      // Checked in http.protocol.ts, where the refusal can be answered as a problem.
      requireHostHeader: false,
    },
    handler,
  );
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

const compileCheck: FastifySchemaCompiler<unknown> = ({ schema, httpPart }) =>
  httpPart === 'querystring' ? compileQueryCheck(schema as QuerySchema) : compileBodyCheck(schema as object);

/** The caller's id of a request where it sent one that will do, else a new one. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}
