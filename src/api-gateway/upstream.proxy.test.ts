import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { registry } from '@orchestrator/kit/metrics.ts';
import { eventually } from '../../tests/support/eventually.ts';
import { openConnection, request, requestWithBody } from '../../tests/support/exchange.ts';
import type { Answer } from '../../tests/support/exchange.ts';
import { startGateway } from '../../tests/support/gateway.ts';
import { freePort, startService } from '../../tests/support/service.ts';
import { startTcpProxy } from '../../tests/support/tcp-proxy.ts';
import { ok, startRawUpstream } from '../../tests/support/upstream.ts';

/** "Every answer within 5 s under any fault." */
const ANSWER_LIMIT_MS = 5000;

async function get(t: TestContext, port: number, target = '/api/movies', method = 'GET'): Promise<Answer> {
  const connection = openConnection(port);
  t.after(() => connection.end());
  return connection.exchange(method === 'GET' ? request('GET', target) : requestWithBody(method, target, '{}'));
}

function assertProblem(answer: Answer, status: number, code: string, upstreamPort: number): void {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  assert.equal((JSON.parse(answer.body) as { code: string }).code, code);
  assert.ok(answer.tookMs < ANSWER_LIMIT_MS, `it took ${answer.tookMs} ms`);
  const said = answer.head + answer.body;
  for (const internal of ['127.0.0.1', String(upstreamPort), 'ECONN', 'UND_ERR', 'stack', 'node_modules', 'undici']) {
    assert.ok(!said.includes(internal), `${internal} in ${said}`);
  }
}

test('nobody listens: 502', async (t) => {
  const upstreamPort = await freePort();
  const { port } = await startGateway(t, { inventoryUrl: `http://127.0.0.1:${upstreamPort}` });
  for (const method of ['GET', 'POST', 'DELETE']) {
    assertProblem(await get(t, port, '/api/movies', method), 502, 'upstream_unreachable', upstreamPort);
  }
});

test('an upstream that never answers: 504, also for those who waited in line, and its line is empty afterwards', async (t) => {
  let isFrozen = true;
  const upstream = await startRawUpstream(t, (socket) => !isFrozen && socket.write(ok('[]')));
  const { port } = await startGateway(t, { inventoryUrl: upstream.url });
  const requests = Array.from({ length: 200 }, () => get(t, port));
  await eventually(async () => assert.equal(await exchangesNow(), 200));
  await eventually(async () => assert.equal(await exchangesNow(), 64, 'who waits no more has left the line'));
  const answers = await Promise.all(requests);
  for (const answer of answers) {
    assertProblem(answer, 504, 'upstream_timeout', upstream.port);
    assert.equal(answer.headers.get('retry-after'), '1');
  }
  assert.equal(upstream.heads.length, 64, 'nothing is sent for those who are about to give up');
  await eventually(async () => assert.equal(await exchangesNow(), 0), 1000);
  isFrozen = false;
  const started = performance.now();
  assert.equal((await get(t, port)).status, 200);
  assert.ok(performance.now() - started < 2500);
});

test('a network that swallows everything: 502 or 504 in time, and all is well when it heals', async (t) => {
  const upstream = await startRawUpstream(t, (socket) => socket.write(ok('[]')));
  const proxy = await startTcpProxy(t, upstream.port);
  const { port } = await startGateway(t, { inventoryUrl: `http://127.0.0.1:${proxy.port}` });
  assert.equal((await get(t, port)).status, 200);
  proxy.set('blackhole');
  for (const answer of await Promise.all(Array.from({ length: 5 }, () => get(t, port)))) {
    assert.ok([502, 504].includes(answer.status));
    assert.ok(answer.tookMs < ANSWER_LIMIT_MS);
  }
  proxy.set('pass');
  await eventually(async () => assert.equal((await get(t, port)).status, 200));
});

test('a head that stalls, and a head whose body stalls: 504', async (t) => {
  const upstream = await startRawUpstream(t, (socket, head) =>
    socket.write(head.includes('/1 ') ? 'HTTP/1.1 200 OK\r\nContent-' : 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'),
  );
  const { port } = await startGateway(t, { inventoryUrl: upstream.url });
  const answers = await Promise.all([get(t, port, '/api/movies/1'), get(t, port, '/api/movies/2')]);
  for (const answer of answers) assertProblem(answer, 504, 'upstream_timeout', upstream.port);
});

test('what is no HTTP: 502', async (t) => {
  const garbage = [
    'SSH-2.0-OpenSSH_9.2\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc',
    'HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n',
    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    'HTTP/1.1 42 Low\r\nContent-Length: 0\r\n\r\n',
  ];
  const upstream = await startRawUpstream(t, (socket, head) => {
    socket.end(garbage[Number(/movies\/(\d+)/.exec(head)?.[1])]!);
  });
  const { port } = await startGateway(t, { inventoryUrl: upstream.url });
  for (const at of garbage.keys()) {
    const answer = await get(t, port, `/api/movies/${at}`);
    assertProblem(answer, 502, 'upstream_unreachable', upstream.port);
  }
});

test('an answer that breaks off is broken off for the client, never a whole short one', async (t) => {
  const starts = [
    'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1,2',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n[1,2\r\n',
  ];
  const upstream = await startRawUpstream(t, (socket, head) => {
    const [, start, end] = /movies\/(\d)(\d)/.exec(head) ?? [];
    socket.write(starts[Number(start)]!, () =>
      setTimeout(() => (end === '0' ? socket.end() : socket.resetAndDestroy()), 50),
    );
  });
  const { port } = await startGateway(t, { inventoryUrl: upstream.url });
  for (const path of ['00', '01', '10', '11']) {
    const connection = openConnection(port);
    t.after(() => connection.end());
    await assert.rejects(connection.exchange(request('GET', `/api/movies/${path}`)), /without a whole answer/, path);
  }
  const client = connect(port, '127.0.0.1');
  client.write(request('GET', '/api/movies/10'));
  let received = '';
  client.setEncoding('latin1').on('data', (text: string) => (received += text));
  client.on('error', () => undefined);
  await once(client, 'close');
  assert.ok(received.includes('[1,2') && !received.includes('0\r\n\r\n'), 'no end of the chunks');
});

test('an answer that stalls in the middle is broken off', async (t) => {
  const upstream = await startRawUpstream(t, (socket) =>
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1,2'),
  );
  const { port } = await startGateway(t, { inventoryUrl: upstream.url });
  await assert.rejects(get(t, port), /without a whole answer/);
});

test('an answer that comes byte by byte arrives whole', async (t) => {
  const bytes = ok('{"a":"é"}', 'X-A: 1');
  const upstream = await startRawUpstream(t, async (socket) => {
    for (const byte of Buffer.from(bytes)) {
      socket.write(Buffer.of(byte));
      await delay(1);
    }
  });
  const { port } = await startGateway(t, { inventoryUrl: upstream.url });
  const answer = await get(t, port);
  assert.deepEqual([answer.status, answer.headers.get('x-a'), answer.body], [200, '1', '{"a":"é"}']);
});

test('400 MB for a slow reader arrive whole, in memory that does not grow with them', async (t) => {
  const size = 400_000_000;
  const block = Buffer.alloc(65_536, 'abcdefgh');
  let waits = 0;
  const upstream = await startRawUpstream(t, async (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
    for (let sent = 0; sent < size; sent += block.length) {
      if (socket.write(block.subarray(0, Math.min(block.length, size - sent)))) continue;
      waits += 1;
      await once(socket, 'drain');
    }
  });
  const gateway = await startService(
    t,
    'api-gateway',
    { INVENTORY_URL: upstream.url, RABBITMQ_HOST: '127.0.0.1', RABBITMQ_PORT: '9', ...credentials },
    '/health/live',
  );
  const before = residentBytes(gateway.pid);
  const client = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  t.after(() => client.destroy());
  client.write(request('GET', '/api/movies'));
  let received = 0;
  let most = 0;
  for await (const chunk of client as AsyncIterable<Buffer>) {
    received += chunk.length;
    most = Math.max(most, residentBytes(gateway.pid));
    if (received < 10_000_000) await delay(5);
    if (received > size) break;
  }
  assert.ok(received > size);
  assert.ok(waits > 0, 'the upstream had to wait');
  assert.ok(most - before < 100_000_000, `${most - before} bytes more`);
});

const credentials = { RABBITMQ_USER: 'guest', RABBITMQ_PASSWORD: 'guest' };

function residentBytes(pid: number): number {
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

test('20 KB and 300 KB bodies for many at once', async (t) => {
  for (const size of [20_163, 300_000]) {
    const upstream = await startRawUpstream(t, (socket) => socket.write(ok('x'.repeat(size))));
    const { port } = await startGateway(t, { inventoryUrl: upstream.url });
    const answers = await Promise.all(Array.from({ length: 150 }, () => get(t, port)));
    for (const { status, body } of answers) assert.deepEqual([status, body.length], [200, size]);
  }
});

test('a client that goes away takes its request to the upstream with it', async (t) => {
  let ended = 0;
  const upstream = await startRawUpstream(t, (socket, head) => {
    socket.once('close', () => (ended += 1));
    if (head.includes('/1 ')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1,2');
  });
  const { port } = await startGateway(t, { inventoryUrl: upstream.url });
  for (const [at, target] of ['/api/movies', '/api/movies/1'].entries()) {
    const client = connect(port, '127.0.0.1').on('error', () => undefined);
    client.write(request('GET', target));
    await eventually(() => assert.equal(upstream.heads.length, at + 1));
    client.resetAndDestroy();
    await eventually(() => assert.equal(ended, at + 1), 2000);
  }
});

test('pipelined requests of a client that goes away leave nothing behind', async (t) => {
  let ended = 0;
  const upstream = await startRawUpstream(t, (socket, head) => {
    socket.once('close', () => (ended += 1));
    if (head.includes('/2 ')) socket.write(ok('x'.repeat(3_000_000)));
  });
  const { port } = await startGateway(t, { inventoryUrl: upstream.url });
  const client = connect(port, '127.0.0.1').on('error', () => undefined);
  // The second answer is there and cannot be sent before the first: so it is where Node reads the requests.
  client.write(Buffer.concat([request('GET', '/api/movies', 'TE: trailers\r\n'), request('GET', '/api/movies/2')]));
  await eventually(() => assert.equal(upstream.heads.length, 2));
  assert.notEqual(await exchangesNow(), 0);
  client.resetAndDestroy();
  await eventually(async () => assert.deepEqual([await exchangesNow(), ended], [0, 2]), 5000);
});

test('clients that do not read their answers are in nobody’s way', async (t) => {
  const long = Buffer.from(ok('x'.repeat(10_000_000)));
  const upstream = await startRawUpstream(t, (socket, head) => {
    socket.write(head.includes('/1 ') ? ok('[]') : long);
  });
  const { port } = await startGateway(t, { inventoryUrl: upstream.url });
  for (let each = 0; each < 150; each += 1) {
    const client = connect(port, '127.0.0.1').on('error', () => undefined);
    t.after(() => client.destroy());
    client.pause();
    client.write(request('GET', '/api/movies'));
  }
  await eventually(() => assert.equal(upstream.heads.length, 150), 30_000);
  assert.equal((await get(t, port, '/api/movies/1')).status, 200);
});

async function exchangesNow(): Promise<number> {
  const exchanges = await registry.getSingleMetric('upstream_exchanges')?.get();
  return (exchanges?.values ?? []).reduce((sum, { value }) => sum + value, 0);
}

test('clients that send slowly hold no connection to the upstream', async (t) => {
  const upstream = await startRawUpstream(t, (socket) => socket.write(ok('[]')));
  const { port } = await startGateway(t, { inventoryUrl: upstream.url });
  for (let each = 0; each < 100; each += 1) {
    const client = openConnection(port);
    t.after(() => client.end());
    client.write(request('POST', '/api/movies', 'Content-Length: 100\r\n', '{'));
  }
  const answer = await get(t, port);
  assert.equal(answer.status, 200);
  assert.ok(answer.tookMs < 2500);
  assert.equal(upstream.heads.length, 1);
});

test('a client that does not read is cut off, and its place given to others', async (t) => {
  let ended = 0;
  const upstream = await startRawUpstream(t, (socket) => {
    socket.once('close', () => (ended += 1));
    socket.write(ok('x'.repeat(30_000_000)));
  });
  const { port } = await startGateway(t, { inventoryUrl: upstream.url });
  const client = connect(port, '127.0.0.1').on('error', () => undefined);
  t.after(() => client.destroy());
  client.pause();
  client.write(request('GET', '/api/movies'));
  await eventually(() => assert.equal(ended, 1), 25_000);
});

test('a GET is sent again once when its kept connection turns out to be dead, anything else never', async (t) => {
  let dead = false;
  const upstream = await startRawUpstream(t, (socket: Socket & { used?: boolean }) => {
    // The race of a kept connection: the server closes it just as the next request comes.
    if (dead && socket.used) {
      socket.destroy();
    } else {
      socket.used = true;
      socket.write(ok('[]'));
    }
  });
  const { port } = await startGateway(t, { inventoryUrl: upstream.url });
  for (const [method, status, sent] of [
    ['GET', 200, 2],
    ['HEAD', 200, 2],
    ['POST', 502, 1],
    ['PUT', 502, 1],
    ['DELETE', 502, 1],
  ] as const) {
    dead = false;
    assert.equal((await get(t, port)).status, 200);
    dead = true;
    const before = upstream.heads.length;
    const connection = openConnection(port);
    t.after(() => connection.end());
    const bytes =
      method === 'POST' || method === 'PUT'
        ? requestWithBody(method, '/api/movies', '{}')
        : request(method, '/api/movies');
    assert.equal((await connection.exchange(bytes)).status, status, method);
    assert.equal(upstream.heads.length - before, sent, method);
  }
});

test('an upstream that closes on every GET is asked twice, not more', async (t) => {
  const upstream = await startRawUpstream(t, (socket) => socket.destroy());
  const { port } = await startGateway(t, { inventoryUrl: upstream.url });
  assertProblem(await get(t, port), 502, 'upstream_unreachable', upstream.port);
  assert.equal(upstream.heads.length, 2);
});

test('a GET whose answer has begun is not sent again', async (t) => {
  const upstream = await startRawUpstream(t, (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'));
  const { port } = await startGateway(t, { inventoryUrl: upstream.url });
  assertProblem(await get(t, port), 502, 'upstream_unreachable', upstream.port);
  assert.equal(upstream.heads.length, 1);
});

test('an upstream that is restarted costs no GET an error', async (t) => {
  const upstreamPort = await freePort();
  const start = async (): Promise<Server> => {
    const server = createServer((_request, response) => response.end('[]')).listen(upstreamPort, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  let server = await start();
  const { port } = await startGateway(t, { inventoryUrl: `http://127.0.0.1:${upstreamPort}` });
  for (let round = 0; round < 5; round += 1) {
    await Promise.all(Array.from({ length: 100 }, () => get(t, port)));
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    server = await start();
    const answers = await Promise.all(Array.from({ length: 100 }, () => get(t, port)));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  }
  server.closeAllConnections();
  server.close();
});
