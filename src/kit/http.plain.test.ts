import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { eventually } from '../../tests/support/eventually.ts';
import { openConnection } from '../../tests/support/exchange.ts';
import { PlainRequest, readPlainRequest } from './http.plain.request.ts';
import { createHttpServer } from './http.server.ts';
import { createLogger } from './log.ts';

let app: FastifyInstance;
let port: number;
/** Of each request, whether it took the short way. */
let wereShort: boolean[];

beforeEach(async () => {
  wereShort = [];
  app = createHttpServer({ log: createLogger('test', 'error').child({}, { level: 'silent' }), bodyLimitBytes: 16_384 });
  app.server.on('request', (incoming) => wereShort.push(incoming instanceof PlainRequest));
  app.get('/echo', async ({ headers, query, raw }) => ({ headers, query, raw: raw.rawHeaders }));
  app.post('/echo', async ({ body }) => ({ body }));
  app.put('/echo', async ({ body }, reply) => reply.code(201).send({ body }));
  app.delete('/echo', async (_request, reply) => reply.code(204).send());
  app.get('/text', async () => 'É🎬');
  app.get('/large', async () => 'x'.repeat(300_000));
  app.get('/large-utf8', async () => '🎬'.repeat(50_000));
  app.get('/bytes', async () => Buffer.alloc(100_000, 'b'));
  app.get('/stream', async () => Readable.from(['ab', 'é'.repeat(70_000), 'c'], { objectMode: false }));
  app.get('/empty-stream', async () => Readable.from([], { objectMode: false }));
  app.get('/raw', (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, [
      'content-length',
      '4',
      'x-twice',
      'a',
      'x-twice',
      'b',
      'date',
      'Mon, 01 Jan 2024 00:00:00 GMT',
    ]);
    reply.raw.write(Buffer.from('ab'));
    reply.raw.end('cd', 'latin1');
  });
  app.get('/slow', async () => {
    await delay(1000);
    return 'late';
  });
  app.get('/slow-stream', async () => {
    const parts = async function* (): AsyncGenerator<string> {
      yield 'a';
      await delay(1000);
      yield 'b';
    };
    return Readable.from(parts(), { objectMode: false });
  });
  app.get('/close', async (_request, reply) => reply.header('connection', 'close').send('bye'));
  app.get('/broken', async () => {
    throw new Error('hush');
  });
  app.get('/bad-header', async (_request, reply) => reply.header('x-name', 'a\r\nb: c').send('x'));
  await app.listen({ port: 0, host: '127.0.0.1' });
  ({ port } = app.server.address() as AddressInfo);
});

afterEach(() => app.close());

const request = (target: string, headers = '', method = 'GET', body = ''): string =>
  `${method} ${target} HTTP/1.1\r\nHost: a\r\n${headers}\r\n${body}`;
const withBody = (method: string, body: string, type = 'application/json'): string =>
  request('/echo', `Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`, method, body);

const plain = {
  'a GET': request('/echo'),
  'a query': request('/echo?a=1&b=%20x&a=2'),
  'headers in any case, with spaces around their values': request('/echo', 'X-A:b\r\nx-B: \t c \t\r\nACCEPT: */*\r\n'),
  'a repeated default': request('/echo', 'Connection: Keep-Alive\r\n'),
  'an empty length': request('/echo', 'Content-Length: 0\r\n'),
  'a POST': withBody('POST', '{"a":"é🎬"}'),
  'a POST without a body': request('/echo', '', 'POST'),
  'a PUT': withBody('PUT', '[1]'),
  'a DELETE, answered without a body': request('/echo', '', 'DELETE'),
  'a body that is no JSON': withBody('POST', '{'),
  'a text': request('/text'),
  'a long text': request('/large'),
  'a long text beyond ASCII': request('/large-utf8'),
  bytes: request('/bytes'),
  'a stream': request('/stream'),
  'an empty stream': request('/empty-stream'),
  'an answer written by hand': request('/raw'),
  'an answer that closes': request('/close'),
  'no such path': request('/nowhere'),
  'no such method': request('/text', '', 'DELETE'),
  'an error': request('/broken'),
  'no Host': 'GET /echo HTTP/1.1\r\n\r\n',
};

interface Seen {
  status: number;
  headers: Array<[string, string]>;
  body: string;
}

/** What differs from one answer to the next; and the default, which Node leaves out where a header was removed. */
const isShown = ([name, value]: [string, string]): boolean =>
  !['x-request-id', 'date', 'keep-alive'].includes(name) && (name !== 'connection' || value !== 'keep-alive');

/** What a client sees of an answer. */
async function ask(t: TestContext, first: string, second = ''): Promise<Seen> {
  const connection = openConnection(port);
  t.after(() => connection.end());
  connection.write(Buffer.from(first));
  // So that they arrive one by one.
  if (second) await delay(50);
  const { status, headers, body } = await connection.exchange(Buffer.from(second));
  return { status, headers: [...headers].filter(isShown), body: body.replace(/"request_id":"[^"]*"/, '') };
}

for (const [what, text] of Object.entries(plain)) {
  test(`${what}: the short way answers as Node does`, async (t) => {
    const short = await ask(t, text);
    const long = await ask(t, text.slice(0, 10), text.slice(10));
    assert.deepEqual(wereShort, [true, false]);
    assert.deepEqual(short, long);
  });
}

const odd = {
  'the rest comes later': request('/echo').slice(0, -2),
  'a body that comes later': withBody('POST', '{"a":1}').slice(0, -1),
  HEAD: request('/text', '', 'HEAD'),
  OPTIONS: request('/text', '', 'OPTIONS'),
  'an older version': 'GET /text HTTP/1.0\r\nHost: a\r\n\r\n',
  'a line feed alone': 'GET /text HTTP/1.1\nHost: a\n\n',
  'a header twice': request('/text', 'X-A: 1\r\nX-A: 2\r\n'),
  'two lengths': request('/echo', 'Content-Length: 2\r\nContent-Length: 3\r\n', 'POST', '[]'),
  'a length and chunks': request('/echo', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', 'POST', '[]'),
  chunks: request('/echo', 'Transfer-Encoding: chunked\r\n', 'POST', '2\r\n[]\r\n0\r\n\r\n'),
  'a length that is no number': request('/echo', 'Content-Length: +2\r\n', 'POST', '[]'),
  'a length with zeros before it': request('/echo', 'Content-Length: 02\r\n', 'POST', '[]'),
  'a GET with a body': request('/echo', 'Content-Length: 2\r\n', 'GET', '[]'),
  'a folded header': request('/text', 'X-A: 1\r\n 2\r\n'),
  'a header without a name': request('/text', ': 1\r\n'),
  'a space before the colon': request('/text', 'X-A : 1\r\n'),
  'a name with other characters': request('/text', 'X_A: 1\r\n'),
  'the name of what every object has': request('/text', 'constructor: 1\r\n'),
  'a header beyond ASCII': request('/text', 'X-A: é\r\n'),
  'an empty header': request('/text', 'X-A:\r\n'),
  'another use of the connection': request('/text', 'Connection: close\r\n'),
  'an upgrade': request('/text', 'Connection: keep-alive\r\nUpgrade: websocket\r\n'),
  'an expectation': request('/text', 'Expect: 100-continue\r\n'),
  'a target that is no path': request('http://a/text'),
  'a target with a space': request('/text a'),
  'a target beyond ASCII': request('/é'),
  'more headers than are read': request('/text', `X-A: ${'x'.repeat(8192)}\r\n`),
  'an empty line before': `\r\n${request('/text')}`,
  'no HTTP': '\x16\x03\x01\x02\x00\x01',
};

for (const [what, text] of Object.entries(odd)) {
  test(`${what}: that is for Node to read`, () => {
    const socket = undefined as unknown as Socket;
    assert.equal(readPlainRequest(Buffer.from(text), 8192, socket), undefined);
  });
}

test('one connection takes any sequence of requests, those of the short way, then the others', async (t) => {
  const connection = openConnection(port);
  t.after(() => connection.end());
  const sequence = [
    plain['a POST'],
    plain['a stream'],
    plain['a text'],
    odd['a header twice'],
    plain['a text'],
    odd.HEAD,
  ];
  for (const each of sequence) {
    const method = /^[A-Z]+/.exec(each)?.[0] ?? '';
    connection.write(Buffer.from(each));
    assert.equal((await connection.read(method)).status, 200);
  }
  assert.deepEqual(wereShort, [true, true, true, false, false, false]);
});

test('requests sent all at once are answered one after the other, whoever reads them', async (t) => {
  const connection = openConnection(port);
  t.after(() => connection.end());
  const numbers = Array.from({ length: 50 }, (_, index) => index);
  const sent = numbers.map((index) => request(`/echo?n=${index}`, index === 30 ? 'X-A: 1\r\nX-A: 2\r\n' : ''));
  connection.write(sent.join(''));
  for (const index of numbers) {
    const { query } = JSON.parse((await connection.read()).body) as { query: { n: string } };
    assert.equal(query.n, String(index));
  }
  assert.deepEqual(
    wereShort,
    numbers.map((index) => index < 30),
  );
});

/** Sends requests for ever and reads nothing. @returns how many bytes were taken from it */
async function flood(t: TestContext, bytes: Buffer): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  socket.pause();
  const send = (): void => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on('drain', send);
  send();
  return socket;
}

test('a client that sends and never reads is stopped, and others are served meanwhile', async (t) => {
  const socket = await flood(t, Buffer.from(plain['a long text'].repeat(100)));
  await eventually(async () => {
    const before = socket.bytesWritten - socket.writableLength;
    await delay(300);
    assert.equal(socket.bytesWritten - socket.writableLength, before, 'nothing more is taken');
  });
  assert.equal((await ask(t, plain['a text'])).status, 200);
  socket.destroy();
});

test('what is being made for a client that goes away is given up', async () => {
  const closed = Promise.withResolvers<boolean>();
  app.server.once('request', (_request, response) =>
    response.once('close', () => closed.resolve(response.writableFinished)),
  );
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  // The second is waiting when the client goes.
  socket.write(request('/slow') + request('/text'));
  await eventually(() => assert.equal(wereShort.length, 1));
  socket.resetAndDestroy();
  assert.equal(await closed.promise, false);
  await eventually(async () => assert.equal(await connections(), 0));
  assert.equal(wereShort.length, 1, 'the second is not begun');
});

test('a stop ends idle connections at once, and those in use after their answer', async (t) => {
  const [idle, busy, streaming] = [openConnection(port), openConnection(port), openConnection(port)];
  t.after(() => [idle, busy, streaming].forEach((connection) => connection.end()));
  await idle.exchange(plain['a text']);
  busy.write(request('/slow'));
  streaming.write(request('/slow-stream'));
  await eventually(() => assert.equal(wereShort.length, 3));
  const stopped = app.close();
  await idle.closed();
  const answer = await busy.read();
  assert.deepEqual([answer.status, answer.headers.get('connection')], [200, 'close']);
  assert.equal((await streaming.read()).body, 'ab');
  await Promise.all([busy.closed(), streaming.closed(), stopped]);
});

test('a server that is cut off at once leaves no connection', async (t) => {
  const connection = openConnection(port);
  t.after(() => connection.end());
  connection.write(request('/slow'));
  await eventually(() => assert.equal(wereShort.length, 1));
  app.server.closeAllConnections();
  await connection.closed();
});

test('a connection on which nothing happens is closed: with an answer when no request ever came', async (t) => {
  app.server.headersTimeout = 300;
  app.server.keepAliveTimeout = 300;
  const silent = openConnection(port);
  const idle = openConnection(port);
  t.after(() => [silent, idle].forEach((connection) => connection.end()));
  assert.equal((await idle.exchange(request('/slow'))).status, 200, 'an answer may take longer');
  assert.equal((await silent.read()).status, 408);
  await Promise.all([silent.closed(), idle.closed()]);
});

test('a client that leaves its answer lying is cut off', async (t) => {
  app.server.keepAliveTimeout = 300;
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  t.after(() => socket.destroy());
  socket.pause();
  socket.write(plain['a long text'].repeat(50));
  await eventually(async () => assert.equal(await connections(), 1));
  await eventually(async () => assert.equal(await connections(), 0), 10_000);
});

test('a header that would split the answer is not sent', async (t) => {
  const { status, headers } = await ask(t, request('/bad-header'));
  assert.deepEqual([status, headers.map(([name]) => name)], [500, ['content-length']]);
});

test('a header beyond ASCII is sent as latin1, whatever the body is', async (t) => {
  app.server.removeAllListeners('request');
  app.server.on('request', (_request, response) => response.writeHead(200, { 'x-name': 'Æ' }).end('🎬'));
  const { headers, body } = await ask(t, plain['a text']);
  assert.deepEqual([Object.fromEntries(headers)['x-name'], body], ['Æ', '🎬']);
});

async function connections(): Promise<number> {
  return new Promise((resolve) => app.server.getConnections((_error, count) => resolve(count)));
}
