import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { MOVIE_BODY_LIMIT_BYTES } from '@orchestrator/contracts/movie.ts';
import { openConnection, request, requestWithBody } from '../../tests/support/exchange.ts';
import type { Answer } from '../../tests/support/exchange.ts';
import { startGateway } from '../../tests/support/gateway.ts';
import { ok, startRawUpstream } from '../../tests/support/upstream.ts';
import type { RawUpstream } from '../../tests/support/upstream.ts';

interface Pair {
  upstream: RawUpstream;
  send: (bytes: Buffer | string) => Promise<Answer>;
  port: number;
}

/** A gateway before an upstream that answers everything with the same bytes. */
async function startPair(t: TestContext, answer = ok('[]')): Promise<Pair> {
  const upstream = await startRawUpstream(t, (socket) => socket.write(answer));
  const { port } = await startGateway(t, { inventoryUrl: upstream.url, billingUrl: upstream.url });
  const connection = openConnection(port);
  t.after(() => connection.end());
  return { upstream, port, send: (bytes) => connection.exchange(bytes) };
}

/** The values of a header in a raw head. */
function values(head: string | undefined, name: string): string[] {
  return [...(head ?? '').matchAll(new RegExp(`^${name}: *(.*)$`, 'gim'))].map(([, value = '']) => value.trim());
}

test('method, path, query, headers and body arrive as they were sent', async (t) => {
  const { upstream, send } = await startPair(t);
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) {
    const target = `/api/movies/7?title=a%20b&title=%C3%A9;x=[1]&&limit`;
    await send(requestWithBody(method, target, '\u0000not json', 'Content-Type: x/y; z=1\r\nX-Two: 1\r\nX-Two: 2\r\n'));
    const head = upstream.heads.at(-1);
    assert.equal(head?.split('\r\n')[0], `${method} ${target} HTTP/1.1`);
    assert.deepEqual(values(head, 'content-type'), ['x/y; z=1']);
    assert.deepEqual(values(head, 'x-two'), ['1', '2']);
    assert.deepEqual(values(head, 'content-length'), ['9']);
    assert.ok(upstream.received().endsWith('\r\n\r\n\u0000not json'));
  }
  assert.equal(upstream.connections.size, 1, 'one connection is used again');
});

test('a chunked body arrives whole', async (t) => {
  const { upstream, send } = await startPair(t);
  const { status } = await send(
    request('POST', '/api/movies', 'Transfer-Encoding: chunked\r\n', '3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-T: 1\r\n\r\n'),
  );
  assert.equal(status, 200);
  assert.deepEqual(values(upstream.heads[0], 'content-length'), ['5']);
  assert.deepEqual(values(upstream.heads[0], 'transfer-encoding'), []);
  assert.ok(upstream.received().endsWith('\r\n\r\nabcde'));
});

test('a body of the largest size passes, one byte more is refused without a word to the upstream', async (t) => {
  const { upstream, port, send } = await startPair(t);
  assert.equal((await send(requestWithBody('POST', '/api/movies', 'x'.repeat(MOVIE_BODY_LIMIT_BYTES)))).status, 200);
  assert.equal(upstream.heads.length, 1);

  for (const framing of ['length', 'chunks'] as const) {
    const connection = openConnection(port);
    t.after(() => connection.end());
    const body = 'x'.repeat(MOVIE_BODY_LIMIT_BYTES + 1);
    const answer = await connection.exchange(
      framing === 'length'
        ? requestWithBody('POST', '/api/movies', body)
        : request(
            'POST',
            '/api/movies',
            'Transfer-Encoding: chunked\r\n',
            `${body.length.toString(16)}\r\n${body}\r\n`,
          ),
    );
    assert.equal(answer.status, 413);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    await connection.closed();
  }
  assert.equal(upstream.heads.length, 1);
});

test('a Content-Length over the limit is refused before the body comes', async (t) => {
  const { upstream, send } = await startPair(t);
  const answer = await send(request('POST', '/api/movies', `Content-Length: ${MOVIE_BODY_LIMIT_BYTES + 1}\r\n`));
  assert.equal(answer.status, 413);
  assert.equal(upstream.heads.length, 0);
});

test('headers of one connection stay on it, and Connection cannot name away what matters', async (t) => {
  const { upstream, send } = await startPair(t);
  const headers = [
    'Connection: close, X-Hop, Content-Type, Idempotency-Key, keep-alive',
    'Keep-Alive: timeout=5',
    'Proxy-Authorization: Basic eA==',
    'TE: trailers',
    'Trailer: X-T',
    'X-Hop: 1',
    'Content-Type: application/json',
    'Idempotency-Key: k1',
    '__proto__: x',
  ];
  await send(requestWithBody('POST', '/api/movies', '{}', `${headers.join('\r\n')}\r\n`));
  const [head] = upstream.heads;
  for (const name of ['keep-alive', 'proxy-authorization', 'te', 'trailer', 'x-hop']) {
    assert.deepEqual(values(head, name), [], name);
  }
  assert.deepEqual(values(head, 'connection'), ['keep-alive']);
  assert.deepEqual(values(head, 'content-type'), ['application/json']);
  assert.deepEqual(values(head, 'idempotency-key'), ['k1']);
  assert.deepEqual(values(head, '__proto__'), ['x']);
});

test('the gateway says who it is, and believes no client about where a request came from', async (t) => {
  const { upstream, send } = await startPair(t);
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const answer = await send(
    request(
      'GET',
      '/api/movies',
      'X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Host: evil\r\nForwarded: for=1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\n' +
        `X-Request-Id: mine-1\r\ntraceparent: 00-${traceId}-b7ad6b7169203331-01\r\ntracestate: a=b\r\n` +
        'Host: evil.example\r\nVia: 1.0 other\r\n',
    ),
  );
  const [head] = upstream.heads;
  for (const name of ['x-forwarded-for', 'x-forwarded-host', 'forwarded', 'x-real-ip']) {
    assert.deepEqual(values(head, name), [], name);
  }
  assert.deepEqual(values(head, 'host'), [`127.0.0.1:${upstream.port}`]);
  assert.deepEqual(values(head, 'via'), ['1.0 other', '1.1 api-gateway']);
  assert.deepEqual(values(head, 'x-request-id'), ['mine-1']);
  assert.match(values(head, 'traceparent').join(), new RegExp(`^00-${traceId}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`));
  assert.deepEqual(values(head, 'tracestate'), ['a=b']);
  assert.equal(answer.headers.get('x-request-id'), 'mine-1');
});

test('the answer comes back as it is, each header as often as it was sent', async (t) => {
  const body = '{"title":"é"}';
  const { send } = await startPair(
    t,
    [
      'HTTP/1.1 405 Whatever',
      'Allow: GET, POST',
      'Set-Cookie: a=1',
      'Set-Cookie: b=2',
      'ETag: "x"',
      'Link: </api/movies?after=1>; rel="next"',
      'Date: Mon, 01 Jan 2024 00:00:00 GMT',
      'X-Request-Id: upstream',
      'Connection: keep-alive, X-Hop',
      'X-Hop: 1',
      'Keep-Alive: timeout=99',
      'Proxy-Authenticate: Basic',
      'Retry-After: 7',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
  const { status, head, body: received } = await send(request('GET', '/api/movies', 'X-Request-Id: mine\r\n'));
  assert.equal(status, 405);
  assert.equal(received, body);
  assert.deepEqual(values(head, 'allow'), ['GET, POST']);
  assert.deepEqual(values(head, 'set-cookie'), ['a=1', 'b=2']);
  assert.deepEqual(values(head, 'etag'), ['"x"']);
  assert.deepEqual(values(head, 'link'), ['</api/movies?after=1>; rel="next"']);
  assert.deepEqual(values(head, 'date'), ['Mon, 01 Jan 2024 00:00:00 GMT']);
  assert.deepEqual(values(head, 'retry-after'), ['7']);
  assert.deepEqual(values(head, 'content-length'), [String(Buffer.byteLength(body))]);
  assert.deepEqual(values(head, 'x-request-id'), ['mine']);
  assert.deepEqual(values(head, 'x-hop'), []);
  assert.deepEqual(values(head, 'proxy-authenticate'), []);
  assert.deepEqual(values(head, 'keep-alive'), ['timeout=30']);
});

test('answers without a body end where they must', async (t) => {
  const upstream = await startRawUpstream(t, (socket, head) => {
    if (head.startsWith('HEAD')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n');
    else if (head.includes('/204')) socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    else if (head.includes('/304')) socket.write('HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n');
    else if (head.includes('/0')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    else socket.write(`HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${ok('last')}`);
  });
  const { port } = await startGateway(t, { inventoryUrl: upstream.url });
  const connection = openConnection(port);
  t.after(() => connection.end());
  const head = await connection.exchange(request('HEAD', '/api/movies'));
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, '1000']);
  assert.equal((await connection.exchange(request('GET', '/api/movies/204'))).status, 204);
  const unchanged = await connection.exchange(request('GET', '/api/movies/304'));
  assert.deepEqual([unchanged.status, unchanged.headers.get('etag')], [304, '"x"']);
  assert.equal((await connection.exchange(request('GET', '/api/movies/0'))).body, '');
  assert.equal((await connection.exchange(request('GET', '/api/movies'))).body, 'last');
});

test('the trailing slash and an escaped digit reach the same path', async (t) => {
  const { upstream, send } = await startPair(t);
  for (const [target, line] of [
    ['/api/movies/', 'GET /api/movies HTTP/1.1'],
    ['/api/movies/?limit=1', 'GET /api/movies?limit=1 HTTP/1.1'],
    ['/api/movies/12/', 'GET /api/movies/12 HTTP/1.1'],
    ['/api/movies/%31', 'GET /api/movies/1 HTTP/1.1'],
  ] as const) {
    assert.equal((await send(request('GET', target))).status, 200);
    assert.equal(upstream.heads.at(-1)?.split('\r\n')[0], line);
  }
});

test('no trick with the path reaches the upstream', async (t) => {
  const { upstream, send } = await startPair(t);
  const movies = [
    '..',
    '%2e%2e',
    '..%2f..%2fhealth',
    '..%5cx',
    '1;x',
    'x',
    '-1',
    '+1',
    '1e3',
    '1.0',
    '%EF%BC%91',
    '1/2',
  ];
  const billing = [
    '..',
    '..%2fx',
    '1',
    '018f0000-0000-7000-8000-00000000000',
    '018f0000-0000-7000-8000-000000000000;x',
  ];
  const targets = [
    ...movies.map((path) => `/api/movies/${path}`),
    ...billing.map((path) => `/api/billing/${path}`),
    '//api/movies',
    '//evil.example/api/movies',
    '/api//movies',
    '/api/movies//',
    '/api/movies/../../health/ready',
    '/api/movies/1%0d%0aX:%201',
    '/api/movies/%00',
    '/api/movies%2f1',
    '/api/moviesx',
    '/API/MOVIES',
  ];
  for (const target of targets) assert.equal((await send(request('GET', target))).status, 404, target);
  assert.equal((await send(request('GET', '/api/movies/%zz'))).status, 400);
  assert.deepEqual(upstream.heads, []);
});

test('what is left of a query cannot break the request line', async (t) => {
  const { upstream, send } = await startPair(t);
  const target = '/api/movies?a=%0d%0aX:1&c=../..#d?e=%00';
  await send(request('GET', target));
  assert.equal(upstream.heads.length, 1);
  assert.equal(upstream.heads[0]?.split('\r\n')[0], `GET ${target} HTTP/1.1`);
});
