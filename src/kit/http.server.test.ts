import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { pageQuerySchema } from '@orchestrator/contracts/page.ts';
import { Problem } from '@orchestrator/contracts/problem.ts';
import { healthRoutes } from './http.health.ts';
import { createHttpServer } from './http.server.ts';
import { createLogger } from './log.ts';

let app: FastifyInstance;
let port: number;
let readiness: () => Promise<unknown> = async () => undefined;
const stopping = new AbortController();

const thing = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', description: 'a text' } },
  additionalProperties: false,
};

before(async () => {
  app = createHttpServer({ log: createLogger('test', 'error').child({}, { level: 'silent' }), bodyLimitBytes: 16_384 });
  app.post('/things', { schema: { body: thing } }, async (request) => request.body);
  app.get('/things', { schema: { querystring: pageQuerySchema } }, async (request) => request.query);
  app.get('/broken', async () => {
    throw new Error('password=hush at db.internal:5432');
  });
  app.get('/busy', async () => {
    throw new Problem('broker_unavailable', 'Try again', { headers: { 'retry-after': '1' }, cause: new Error('hush') });
  });
  healthRoutes(app, { check: () => readiness(), stopping: stopping.signal });
  await app.listen({ port: 0, host: '127.0.0.1' });
  port = (app.server.address() as AddressInfo).port;
});

after(() => app.close());

/** Sends bytes as they are, half-closes, and returns all that comes back until the server closes. */
async function exchange(...chunks: string[]): Promise<{ status: number; head: string; body: string }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  for (const chunk of chunks) socket.write(chunk, 'latin1');
  // The server keeps the connection open for the next request; the whole of a small answer follows its first bytes at once.
  socket.once('data', () => setTimeout(() => socket.end(), 50));
  const answer = await text(socket);
  const [head = '', body = ''] = answer.split('\r\n\r\n', 2);
  return { status: Number(head.split(' ')[1]), head, body };
}

const request = (target: string, headers = '', method = 'GET', body = ''): string =>
  `${method} ${target} HTTP/1.1\r\nHost: a\r\n${headers}\r\n${body}`;
const json = (body: string, type = 'application/json', extra = ''): string =>
  request(
    '/things',
    `Content-Type: ${type}\r\n${extra}Content-Length: ${Buffer.byteLength(body, 'latin1')}\r\n`,
    'POST',
    body,
  );

const cases: Array<[what: string, bytes: string, status: number, code: string]> = [
  ['two Host headers', request('/things', 'Host: b\r\n'), 400, 'malformed_request'],
  ['no Host header', 'GET /things HTTP/1.1\r\n\r\n', 400, 'malformed_request'],
  ['an absolute request target', request('http://evil.example/things'), 400, 'malformed_request'],
  ['an asterisk as target', request('*', '', 'OPTIONS'), 400, 'malformed_request'],
  [
    'Content-Length and Transfer-Encoding',
    request('/things', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', 'POST', '0\r\n\r\n'),
    400,
    'malformed_request',
  ],
  [
    'two Content-Lengths',
    request('/things', 'Content-Length: 3\r\nContent-Length: 4\r\n', 'POST', 'abcd'),
    400,
    'malformed_request',
  ],
  ['headers beyond 8 KiB', request('/things', `X: ${'x'.repeat(9000)}\r\n`), 431, 'headers_too_large'],
  ['more than 100 headers', request('/things', 'X: y\r\n'.repeat(101)), 431, 'headers_too_large'],
  ['a target beyond 2048 characters', request(`/things?x=${'x'.repeat(2048)}`), 414, 'uri_too_long'],
  ['no HTTP at all', 'hello\r\n\r\n', 400, 'malformed_request'],
  ['CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n', 405, 'method_not_allowed'],
  ['PATCH', request('/things', '', 'PATCH'), 405, 'method_not_allowed'],
  ['TRACE', request('/things', '', 'TRACE'), 405, 'method_not_allowed'],
  ['PROPFIND', request('/things/', '', 'PROPFIND'), 405, 'method_not_allowed'],
  ['an unknown path', request('/nothing'), 404, 'not_found'],
  ['dots in the path', request('/things/../broken'), 404, 'not_found'],
  ['escaped dots', request('/%2e%2e/things'), 404, 'not_found'],
  ['a malformed escape', request('/things/%zz'), 400, 'malformed_request'],
  ['overlong UTF-8 in the path', request('/things/%c0%ae'), 400, 'malformed_request'],
  ['an unknown expectation', request('/things', 'Expect: magic\r\n'), 417, 'expectation_failed'],
  [
    'a compressed body',
    json('{"name":"x"}', 'application/json', 'Content-Encoding: gzip\r\n'),
    415,
    'unsupported_media_type',
  ],
  ['a body without a type', request('/things', 'Content-Length: 2\r\n', 'POST', '{}'), 415, 'unsupported_media_type'],
  ['a form', json('name=x', 'application/x-www-form-urlencoded'), 415, 'unsupported_media_type'],
  ['plain text', json('{"name":"x"}', 'text/plain'), 415, 'unsupported_media_type'],
  ['another charset', json('{"name":"x"}', 'application/json; charset=utf-16'), 415, 'unsupported_media_type'],
  ['an empty body', json(''), 400, 'malformed_json'],
  ['no body', request('/things', '', 'POST'), 400, 'malformed_json'],
  ['a truncated body', json('{"name":"x"'), 400, 'malformed_json'],
  ['a trailing comma', json('{"name":"x",}'), 400, 'malformed_json'],
  ['NaN', json('{"name":NaN}'), 400, 'malformed_json'],
  ['single quotes', json("{'name':'x'}"), 400, 'malformed_json'],
  ['bytes that are no UTF-8', json('{"name":"\xff\xfe"}'), 400, 'malformed_json'],
  ['a prototype key', json('{"__proto__":{}}'), 400, 'malformed_json'],
  ['deep nesting', json('['.repeat(8000) + ']'.repeat(8000)), 400, 'malformed_json'],
  ['an array', json('[]'), 422, 'invalid_field'],
  ['null', json('null'), 422, 'invalid_field'],
  ['a wrong type', json('{"name":1}'), 422, 'invalid_field'],
  ['an unknown field', json('{"name":"x","b":1}'), 422, 'invalid_field'],
  ['an announced body that is too large', json('x'.repeat(16_385)), 413, 'body_too_large'],
  [
    'a chunked body that is too large',
    request(
      '/things',
      'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n',
      'POST',
      `5000\r\n${'x'.repeat(0x5000)}\r\n0\r\n\r\n`,
    ),
    413,
    'body_too_large',
  ],
  ['a limit of 0', request('/things?limit=0'), 422, 'invalid_field'],
  ['two limits', request('/things?limit=1&limit=2'), 422, 'invalid_field'],
  ['an error of ours', request('/broken'), 500, 'internal'],
  ['a broker that is away', request('/busy'), 503, 'broker_unavailable'],
];

suite('each odd request has its problem', { concurrency: 16 }, () => {
  for (const [what, bytes, status, code] of cases) {
    test(`${what} is answered ${status} ${code}`, async () => {
      const answer = await exchange(bytes);
      assert.equal(answer.status, status, answer.head);
      assert.match(answer.head, /content-type: application\/problem\+json\r/i);
      const problem = JSON.parse(answer.body);
      assert.equal(problem.code, code);
      assert.equal(problem.status, status);
      assert.ok(problem.detail && problem.title && problem.request_id);
      assert.doesNotMatch(answer.head + answer.body, /hush|internal:|FST_|HPE_|node_modules/);
    });
  }
});

test('405 says what is allowed, 503 when to come back', async () => {
  assert.match((await exchange(request('/things', '', 'PATCH'))).head, /allow: POST, GET, HEAD/i);
  assert.match((await exchange(request('/busy'))).head, /retry-after: 1/i);
});

test('a byte order mark, a charset of UTF-8 and a trailing slash are fine', async () => {
  assert.equal((await exchange(json('\xef\xbb\xbf{"name":"x"}'))).status, 200);
  assert.equal((await exchange(json('{"name":"x"}', 'application/json;charset=UTF-8'))).status, 200);
  assert.equal((await exchange(request('/things/?limit=5'))).body, '{"limit":5}');
});

test('pipelined requests are answered in the order they came', async () => {
  const socket = await exchange(request('/things?limit=1') + request('/things?limit=2', 'Connection: close\r\n'));
  assert.ok(socket.body.startsWith('{"limit":1}'));
});

test('a clean request id is taken over, another is replaced', async () => {
  assert.match((await exchange(request('/things', 'X-Request-Id: abc-1\r\n'))).head, /x-request-id: abc-1\r/i);
  assert.doesNotMatch((await exchange(request('/things', 'X-Request-Id: a b<script>\r\n'))).head, /script/);
});

test('a body that never ends is cut off', { timeout: 30_000 }, async () => {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  socket.write(request('/things', 'Content-Type: application/json\r\nContent-Length: 100\r\n', 'POST', '{'));
  assert.match(await text(socket), /^HTTP\/1.1 408 [^]*"code":"request_timeout"/);
});

test('a program is live whatever happens, and ready only when it can do its work and is not stopping', async () => {
  const ready = async (): Promise<number> => (await exchange(request('/health/ready'))).status;
  assert.equal(await ready(), 200);
  readiness = () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.3:5432'));
  const { status, body } = await exchange(request('/health/ready'));
  assert.equal(status, 503);
  assert.match(body, /"code":"not_ready"/);
  assert.doesNotMatch(body, /10\.0/);
  readiness = () => new Promise(() => undefined);
  assert.equal(await ready(), 503, 'a check that hangs');
  readiness = async () => undefined;
  assert.equal(await ready(), 200);
  stopping.abort();
  assert.equal(await ready(), 503, 'stopping');
  assert.equal((await exchange(request('/health/live'))).status, 200);
});

test('the connection stays open after a body that was read to its end', async () => {
  const answers = await exchange(json('{') + json('[]') + request('/things?limit=1'));
  assert.doesNotMatch(answers.head, /connection: close/i);
  const refused = await exchange(json('x'.repeat(16_385)));
  assert.doesNotMatch(refused.head, /connection: close/i);
  const unread = await exchange(json('x'.repeat(16_385)).slice(0, 500));
  assert.equal(unread.status, 413);
  assert.match(unread.head, /connection: close/i);
});
