import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { before, suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ANSWER_LIMIT_MS, assertDiscreet, assertProblem } from './support/answers.ts';
import { MOVIE, ORDER } from './support/bad-input.case.ts';
import { pathCases } from './support/bad-input.paths.ts';
import { brokerEnv } from './support/broker.ts';
import { openConnection, request, requestWithBody } from './support/exchange.ts';
import type { Answer } from './support/exchange.ts';
import { startService } from './support/service.ts';
import { assertOrders, startStack, watchProcesses } from './support/stack.ts';
import type { Stack } from './support/stack.ts';

/** A request has 10 s to arrive; the rest is what a busy machine adds. */
const SLOW_LIMIT_MS = 15_000;

/** Pauses so short never end a connection by themselves. */
const DRIP_MS = 400;

let stack: Stack;
let assertProcesses: () => void;

/** The orders that were answered with 200, by tracking id; nothing else may become a row. */
const orders = new Map<string, Record<string, string>>();

const head = (target: string, framing: string): string =>
  request('POST', target, `Content-Type: application/json\r\n${framing}\r\n`).toString();

before(async (t) => {
  stack = await startStack(t);
  assertProcesses = watchProcesses(stack);
});

suite('what never ends is cut off', { concurrency: true, timeout: 60_000 }, () => {
  const slow: Record<string, string> = {
    'a request line': 'GET /api/mov',
    'a header': 'GET /api/movies HTTP/1.1\r\nHost: a\r\nX-Test: ',
    'an order': head('/api/billing', 'Content-Length: 1000'),
    'a chunked order': `${head('/api/billing', 'Transfer-Encoding: chunked')}1000\r\n`,
    'a movie': head('/api/movies', 'Content-Length: 1000'),
    'a chunked movie': `${head('/api/movies', 'Transfer-Encoding: chunked')}1000\r\n`,
  };
  for (const [what, beginning] of Object.entries(slow)) {
    test(`${what} that comes byte by byte`, async () => {
      const answer = await sendOn(beginning, 'x', DRIP_MS);
      assertProblem(answer, 408, 'request_timeout');
      assertDiscreet(answer, []);
      assert.ok(answer.tookMs < SLOW_LIMIT_MS, `it took ${answer.tookMs} ms`);
    });
  }

  test('a connection on which nothing comes', async () => {
    const startMs = performance.now();
    await openConnection(stack.port).closed();
    assert.ok(performance.now() - startMs < SLOW_LIMIT_MS);
  });

  for (const target of ['/api/billing', '/api/movies', '/api/movies/1', '/nowhere']) {
    test(`a chunked body without an end to ${target}`, async () => {
      const chunk = `400\r\n${' '.repeat(0x400)}\r\n`;
      assertProblem(await sendOn(head(target, 'Transfer-Encoding: chunked'), chunk), 413, 'body_too_large');
    });
    test(`a body of a terabyte to ${target}`, async () => {
      const answer = await sendOn(head(target, 'Content-Length: 1000000000000'), ' '.repeat(1024));
      assertProblem(answer, 413, 'body_too_large');
    });
  }
});

test('what is no HTTP and never ends is cut off too', async () => {
  const endless: Array<[beginning: string, piece: string]> = [
    ['GET / HTTP/1.1\r\nHost: a\r\n', `X-Test: ${'a'.repeat(900)}\r\n`],
    ['GET /', 'a'.repeat(1000)],
    [`${head('/api/billing', 'Transfer-Encoding: chunked')}1;`, 'a'.repeat(1000)],
    [`${head('/api/billing', 'Transfer-Encoding: chunked')}0\r\n`, `X-Test: ${'a'.repeat(900)}\r\n`],
    ['', 'x'],
  ];
  for (const [beginning, piece] of endless) {
    // Whoever sends on and on may miss the answer: what counts is the end.
    const answer = await sendOn(beginning, piece).catch(() => undefined);
    if (answer) assert.ok(answer.status >= 400 && answer.status < 500, answer.head);
  }
});

test('a client that goes on sending what was refused still gets the answer', async () => {
  const [method, headers, body] = ['POST', { 'content-type': 'application/json' }, Buffer.alloc(10_000_000)];
  for (let repeat = 0; repeat < 20; repeat += 1) {
    for (const path of ['/api/billing', '/api/movies']) {
      assert.equal((await fetch(stack.gateway.url + path, { method, headers, body })).status, 413);
    }
  }
});

test('a body that was cut off is no order, whole as it may look', async () => {
  const order = JSON.stringify(ORDER);
  const cutOff = [
    head('/api/billing', `Content-Length: ${order.length + 1}`) + order,
    `${head('/api/billing', 'Transfer-Encoding: chunked')}${order.length.toString(16)}\r\n${order}\r\n`,
    head('/api/movies', 'Content-Length: 1000') + JSON.stringify(MOVIE),
  ];
  for (const bytes of cutOff) {
    for (let pauseMs = 0; pauseMs < 20; pauseMs += 1) {
      const connection = openConnection(stack.port);
      connection.write(bytes);
      await delay(pauseMs);
      connection.end();
    }
  }
  await assertServing();
});

test('a request within a body is none', async () => {
  const inner = requestWithBody('POST', '/api/billing', JSON.stringify(ORDER)).toString();
  const whole = openConnection(stack.port);
  assertProblem(await whole.exchange(requestWithBody('POST', '/api/billing', inner)), 400, 'malformed_json');
  whole.end();
  // The body is one byte of the inner request; the rest is no request.
  const part = openConnection(stack.port);
  assertProblem(await part.exchange(head('/api/billing', 'Content-Length: 1') + inner), 400);
  await part.closed();
});

test('pipelined requests, good and bad, are answered in turn', async () => {
  const sequence: Array<[bytes: Buffer, status: number]> = [
    [request('GET', '/api/movies'), 200],
    [request('GET', '/api/movies/abc'), 404],
    [request('GET', '/api/billing?limit=0'), 422],
    [request('PATCH', '/api/billing'), 405],
    [request('PATCH', '/api/movies'), 405],
    [requestWithBody('POST', '/api/billing', '{}'), 422],
    [request('GET', '/health/live'), 200],
  ];
  const many = Array.from({ length: 5 }, () => sequence).flat();
  const connection = openConnection(stack.port);
  connection.write(Buffer.concat(many.map(([bytes]) => bytes)));
  for (const [bytes, status] of many) assert.equal((await connection.read()).status, status, bytes.toString());
  connection.end();
});

test('a thousand silent connections keep nobody out', async () => {
  const silent = Array.from({ length: 1000 }, () => openConnection(stack.port));
  for (const connection of silent) connection.write('GET /api/movies HTTP/1.1\r\nHost: a\r\n');
  await assertServing();
  for (const connection of silent) connection.end();
});

test('no trick reaches the services behind the gateway', async (t) => {
  const received: Array<{ target: string; names: string[] }> = [];
  const recorder = createServer(({ url = '', headers }, response) => {
    received.push({ target: url, names: Object.keys(headers) });
    response.end('[]');
  }).listen(0, '127.0.0.1');
  t.after(() => recorder.close());
  await once(recorder, 'listening');
  const recorderUrl = `http://127.0.0.1:${(recorder.address() as AddressInfo).port}`;
  const { url } = await startService(t, 'api-gateway', {
    INVENTORY_URL: recorderUrl,
    BILLING_URL: recorderUrl,
    ...brokerEnv(stack.broker),
  });
  const forged =
    'X-Forwarded-For: a\r\nForwarded: for=a\r\nX-Real-IP: a\r\nProxy-Authorization: a\r\nTE: trailers\r\n' +
    'Connection: x-own\r\nX-Own: a\r\nUpgrade: websocket\r\nKeep-Alive: a\r\nTrailer: a\r\n';
  const good = ['/api/movies', '/api/billing', '/api/movies/7'].map((target) => request('GET', target, forged));
  for (const bytes of [...pathCases.map((one) => one.bytes), ...good]) {
    const connection = openConnection(Number(new URL(url).port));
    await connection.exchange(bytes);
    connection.end();
  }
  for (const target of ['/api/movies', '/api/billing', '/api/movies/7']) {
    assert.ok(received.some((one) => one.target === target));
  }
  for (const { target, names } of received) {
    assert.match(
      target,
      /^\/(api\/movies(\/[0-9]+)?|api\/billing(\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?|health\/ready)$/,
    );
    const passedOn = names.filter((name) => /^(x-f|forw|x-r.*-ip|proxy-|te$|trailer|keep-|x-own|upgrade)/.test(name));
    assert.deepEqual(passedOn, []);
  }
});

test('after all of it there are the good orders only, and the same three processes', async () => {
  await assertServing();
  await assertOrders(stack, orders);
  assertProcesses();
});

/** Sends its beginning, then the same piece again and again, until the server has answered and hung up. */
async function sendOn(beginning: string, piece: string, pauseMs = 1): Promise<Answer> {
  const connection = openConnection(stack.port);
  connection.write(beginning);
  const answered = new AbortController();
  const answer = connection.read().finally(() => answered.abort());
  answer.catch(() => undefined);
  while (!answered.signal.aborted && connection.isOpen()) {
    connection.write(piece);
    await delay(pauseMs);
  }
  await connection.closed();
  return answer;
}

async function assertServing(): Promise<void> {
  const connection = openConnection(stack.port);
  const order = await connection.exchange(requestWithBody('POST', '/api/billing', JSON.stringify(ORDER)));
  assert.equal(order.status, 200, order.body);
  assert.ok(order.tookMs < ANSWER_LIMIT_MS, `it took ${order.tookMs} ms`);
  orders.set((JSON.parse(order.body) as { tracking_id: string }).tracking_id, ORDER);
  assert.equal((await connection.exchange(request('GET', '/api/movies'))).status, 200);
  connection.end();
}
