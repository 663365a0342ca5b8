import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Problem, problems } from '@orchestrator/contracts/problem.ts';
import type { ProblemCode } from '@orchestrator/contracts/problem.ts';
import type { FastifyBaseLogger, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { http } from './http.node.ts';
import type { PlainResponse } from './http.plain.response.ts';
import { trackMethods } from './http.methods.ts';
import { fieldErrors } from './validation.ts';

/** Answers every error, from whatever layer, as `application/problem+json` (RFC 9457) without anything internal in it. */
export function answerProblems(app: FastifyInstance): void {
  app.setErrorHandler((error: Error, request, reply) => sendProblem(request, reply, error));
  const methodsOf = trackMethods(app);
  app.setNotFoundHandler((request, reply) =>
    sendProblem(request, reply, unrouted(methodsOf(request.url.split('?', 1)[0] ?? ''))),
  );
  app.server.on('connect', (_request, socket: Socket) =>
    answerRaw(socket, new Problem('method_not_allowed', 'This server is no proxy', { headers: { allow: 'GET' } })),
  );
  app.server.on('checkExpectation', (_request, response) =>
    answerRaw(response.socket, new Problem('expectation_failed', 'Only Expect: 100-continue is understood')),
  );
}

function unrouted(methods: string[]): Problem {
  if (methods.length === 0) return new Problem('not_found', 'Nothing is found under this path');
  const allow = methods.join(', ');
  return new Problem('method_not_allowed', `This path takes ${allow}`, { headers: { allow } });
}

/** Sends an error as a problem; what was not meant for clients becomes "internal" outside and a full entry in the log. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: Error): FastifyReply {
  const problem = toProblem(error, request.body);
  logProblem(request.log, problem, error, request.id);
  // Bytes, since Fastify adds a charset to text, which JSON has none of.
  const body = Buffer.from(JSON.stringify(problemBody(problem, request.id)));
  reply
    .code(problem.status)
    .headers(problem.headers)
    .type('application/problem+json')
    .header('content-length', body.length);
  // Fastify closes after every body that it could not read; one that has come to its end gives no cause to.
  if (hasEnded(request.raw)) return reply.removeHeader('connection').send(body);
  // The rest of a body that was refused unread would be taken for the next request.
  return reply.header('connection', 'close').send(Readable.from(withRestOfBody(body, request.raw)));
}

/** The same for a plain request that Fastify has not seen. @param headers what the answer has besides */
export function answerProblem(
  response: PlainResponse,
  error: Error,
  { id, log, headers }: { id: string; log: FastifyBaseLogger; headers: Readonly<Record<string, string>> },
): void {
  const problem = toProblem(error);
  logProblem(log, problem, error, id);
  const body = JSON.stringify(problemBody(problem, id));
  response
    .writeHead(problem.status, { ...headers, ...problem.headers, 'content-type': 'application/problem+json' })
    .end(body);
}

function logProblem(log: FastifyBaseLogger, { status, code, message }: Problem, error: Error, id: string): void {
  // Probes ask every few seconds, and what is missing logs its own absence.
  if (status >= 500 && code !== 'not_ready') log.error({ request_id: id, err: error.cause ?? error, code }, message);
}

/** Node notes the end of a request only after it has handed the request over, also of one that has no body. */
function hasEnded({ complete, headers }: IncomingMessage): boolean {
  const { 'transfer-encoding': coding, 'content-length': length = '0' } = headers;
  return complete || (coding === undefined && length === '0');
}

/** How long a client may go on sending what nobody wants; most have noticed the answer by then. */
const LINGER_MS = 2000;

/**
 * Sends the whole answer at once, and ends it when the request has ended: a connection closed on bytes that nobody has read is
 * reset, and the reset overtakes the answer at the client.
 */
async function* withRestOfBody(body: Buffer, request: IncomingMessage): AsyncGenerator<Buffer> {
  yield body;
  const lingered = new AbortController();
  const { signal } = lingered;
  try {
    await Promise.race([once(request.resume(), 'close', { signal }), delay(LINGER_MS, undefined, { signal })]);
  } catch {
    // The client has gone.
  } finally {
    lingered.abort();
  }
}

function problemBody(problem: Problem, requestId: string): Record<string, unknown> {
  return {
    type: 'about:blank',
    title: problems[problem.code].title,
    status: problem.status,
    code: problem.code,
    detail: problem.message,
    ...(problem.errors && { errors: problem.errors }),
    request_id: requestId,
  };
}

/** What Fastify itself raises, in the words of this API. */
const fastifyProblems: Record<string, [ProblemCode, string]> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'Send the body with Content-Type: application/json'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large', 'The body is larger than this endpoint takes'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['malformed_json', 'The body is empty: send a JSON object'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'malformed_request',
    'The body does not have the length that Content-Length gives',
  ],
  FST_ERR_BAD_URL: ['malformed_request', 'The path has a malformed escape sequence'],
  FST_ERR_MAX_PARAM_LENGTH: ['not_found', 'Nothing is found under this path'],
  FST_ERR_ASYNC_CONSTRAINT: ['malformed_request', 'The request cannot be routed'],
};

function toProblem(error: Error | FastifyError, body?: unknown): Problem {
  if (error instanceof Problem) return error;
  if ('validation' in error && error.validation) return validationProblem(error, body);
  const known = 'code' in error ? fastifyProblems[error.code] : undefined;
  if (known) return new Problem(known[0], known[1], { cause: error });
  if ('statusCode' in error && error.statusCode && error.statusCode < 500) {
    return new Problem('malformed_request', 'The request cannot be read', { cause: error });
  }
  return new Problem('internal', 'An error of ours: try again, and report the request_id if it stays', {
    cause: error,
  });
}

function validationProblem(error: FastifyError, body: unknown): Problem {
  const errors = fieldErrors(error.validation as Parameters<typeof fieldErrors>[0]);
  if (error.validationContext === 'body' && body === undefined) {
    return new Problem('malformed_json', 'The body is empty: send a JSON object');
  }
  if (error.validationContext === 'body' && errors.some(({ field, rule }) => field === '' && rule === 'type')) {
    return new Problem('invalid_field', 'The body must be a JSON object', { errors });
  }
  const names = errors.map(({ field }) => field).join(', ');
  return new Problem('invalid_field', `Correct these fields and send the request again: ${names}`, { errors });
}

/** What Node's parser refuses never becomes a request: it is answered on the bare socket, which is then closed. */
export function answerUnparsable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    answerRaw(socket, new Problem('headers_too_large', 'The request line and headers are larger than 8 KiB'));
  } else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    answerRaw(socket, new Problem('request_timeout', 'The request did not arrive in time: send it again'));
  } else {
    answerRaw(socket, new Problem('malformed_request', 'This is not a well-formed HTTP/1.1 request'));
  }
}

function answerRaw(socket: Socket | null, problem: Problem): void {
  const body = JSON.stringify(problemBody(problem, 'none'));
  const headers = Object.entries({
    ...problem.headers,
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket?.end(`HTTP/1.1 ${problem.status} ${http.STATUS_CODES[problem.status]}\r\n${headers.join('')}\r\n${body}`, () =>
    socket.destroy(),
  );
}
