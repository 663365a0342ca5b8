import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ORDER_BODY_LIMIT_BYTES } from '@orchestrator/contracts/order.ts';
import { createLogger } from '@orchestrator/kit/log.ts';
import { eventually } from '../../tests/support/eventually.ts';
import { openConnection, request, requestWithBody } from '../../tests/support/exchange.ts';
import type { Answer } from '../../tests/support/exchange.ts';
import { startGateway } from '../../tests/support/gateway.ts';
import { ok, startRawUpstream } from '../../tests/support/upstream.ts';
import type { Message, OrderQueue, Outcome } from './orders.ts';

const ORDER = '{"user_id":"20","number_of_items":"99","total_amount":"250"}';

interface NotedQueue extends OrderQueue {
  messages: Message[];
}

/** Notes what it is given; whether a broker keeps it is tested with a broker, in orders.amqp.test.ts. */
function noteQueue(outcome: Outcome = 'confirmed'): NotedQueue {
  const messages: Message[] = [];
  return {
    messages,
    isOpen: () => true,
    publish: async (message) => {
      messages.push(message);
      return outcome;
    },
  };
}

async function send(port: number, bytes: Buffer): Promise<Answer & { json: Record<string, unknown> }> {
  const connection = openConnection(port);
  const answer = await connection.exchange(bytes);
  connection.end();
  return { ...answer, json: (answer.body === '' ? {} : JSON.parse(answer.body)) as Record<string, unknown> };
}

const post = (body: string | Buffer, headers = ''): Buffer =>
  requestWithBody('POST', '/api/billing', body, `Content-Type: application/json\r\n${headers}`);

test('a confirmed order is answered with 200, a message and its tracking id', async (t) => {
  const queue = noteQueue();
  const { port } = await startGateway(t, { queue });
  for (const target of ['/api/billing', '/api/billing/']) {
    const answer = await send(port, requestWithBody('POST', target, ORDER, 'Content-Type: application/json\r\n'));
    assert.equal(answer.status, 200);
    assert.deepEqual(Object.keys(answer.json), ['message', 'tracking_id']);
    assert.match(String(answer.json['tracking_id']), /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    assert.equal(queue.messages.at(-1)?.trackingId, answer.json['tracking_id']);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
  }
});

test('strings stay strings, numbers numbers, and the trace and the request id go along', async (t) => {
  const queue = noteQueue();
  const { port } = await startGateway(t, { queue });
  const trace = '0af7651916cd43dd8448eb211c80319c';
  await send(
    port,
    post(
      '\ufeff{"total_amount":250.1,"user_id":20,"number_of_items":"3"}',
      `X-Request-Id: r-1\r\ntraceparent: 00-${trace}-b7ad6b7169203331-01\r\ntracestate: a=b\r\n`,
    ),
  );
  const [message] = queue.messages;
  assert.equal(JSON.stringify(message?.order), '{"total_amount":250.1,"user_id":20,"number_of_items":"3"}');
  assert.equal(message?.requestId, 'r-1');
  assert.match(message.traceparent, new RegExp(`^00-${trace}-`));
  assert.equal(message.tracestate, 'a=b');
});

test('the same Idempotency-Key gives the same tracking id on every gateway', async (t) => {
  const queue = noteQueue();
  const ports = [(await startGateway(t, { queue })).port, (await startGateway(t, { queue })).port];
  const ids = await Promise.all(
    ports.map(async (port) => (await send(port, post(ORDER, 'Idempotency-Key: order-4711\r\n'))).json['tracking_id']),
  );
  assert.equal(new Set(ids).size, 1);
  assert.match(String(ids[0]), /^[0-9a-f]{8}-[0-9a-f]{4}-8/);
  assert.equal(queue.messages.length, 2, 'published again: billing-app sorts it out');
});

test('an Idempotency-Key that is not usable is refused', async (t) => {
  const queue = noteQueue();
  const { port } = await startGateway(t, { queue });
  for (const headers of [
    'Idempotency-Key: \r\n',
    `Idempotency-Key: ${'k'.repeat(256)}\r\n`,
    'Idempotency-Key: a b\r\n',
    'Idempotency-Key: caf\u00e9\r\n',
    'Idempotency-Key: a\r\nIdempotency-Key: a\r\n',
  ]) {
    const answer = await send(port, post(ORDER, headers));
    assert.deepEqual([answer.status, answer.json['code']], [400, 'malformed_request'], headers);
  }
  assert.equal((await send(port, post(ORDER, `Idempotency-Key: ${'k'.repeat(255)}\r\n`))).status, 200);
  assert.equal(queue.messages.length, 1);
});

const refusals: Array<[Outcome, string]> = [
  ['refused', 'broker_unavailable'],
  ['returned', 'unroutable'],
  ['nacked', 'queue_full'],
  ['timed_out', 'outcome_unknown'],
  ['lost', 'outcome_unknown'],
];

for (const [outcome, code] of refusals) {
  test(`an order that is ${outcome} is answered with 503 ${code}`, async (t) => {
    const { port } = await startGateway(t, { queue: noteQueue(outcome) });
    const answer = await send(port, post(ORDER, 'Idempotency-Key: order-4711\r\n'));
    assert.deepEqual([answer.status, answer.json['code']], [503, code]);
    assert.equal(answer.headers.get('retry-after'), '1');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    const namesTrackingId = /GET \/api\/billing\/[0-9a-f]{8}-[0-9a-f]{4}-8/.test(String(answer.json['detail']));
    assert.equal(namesTrackingId, code === 'outcome_unknown');
  });
}

test('what is no order is refused, and nothing of it is published', async (t) => {
  const queue = noteQueue();
  const { port } = await startGateway(t, { queue });
  const json = 'Content-Type: application/json\r\n';
  const cases: Array<[Buffer, number]> = [
    [post(''), 400],
    [post('{'), 400],
    [post(Buffer.from([0x22, 0xff, 0x22])), 400],
    [post('{"__proto__":{}}'), 400],
    [post('null'), 422],
    [post('[]'), 422],
    [post('{}'), 422],
    [post('{"user_id":"20","number_of_items":"99","total_amount":"250","coupon":"x"}'), 422],
    [post('{"user_id":"20","number_of_items":"99","total_amount":250.005}'), 422],
    [post(`"${'x'.repeat(ORDER_BODY_LIMIT_BYTES)}"`), 413],
    [request('POST', '/api/billing', `${json}Content-Length: 20000\r\n`), 413],
    [requestWithBody('POST', '/api/billing', ORDER, 'Content-Type: text/plain\r\n'), 415],
    [requestWithBody('POST', '/api/billing', ORDER, ''), 415],
    [requestWithBody('POST', '/api/billing', ORDER, 'Content-Type: application/json;charset=utf-16\r\n'), 415],
    [requestWithBody('POST', '/api/billing', ORDER, `${json}Content-Encoding: gzip\r\n`), 415],
    [requestWithBody('PUT', '/api/billing', ORDER), 405],
    [request('DELETE', '/api/billing'), 405],
    [requestWithBody('POST', '/api/billing/018f0000-0000-7000-8000-000000000000', ORDER), 405],
  ];
  for (const [bytes, status] of cases) {
    const answer = await send(port, bytes);
    assert.equal(answer.status, status, bytes.toString('latin1').slice(0, 300));
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    if (status === 405) assert.match(answer.headers.get('allow') ?? '', /GET/);
  }
  assert.deepEqual(queue.messages, []);
});

test('orders are read back from billing-app', async (t) => {
  const billing = await startRawUpstream(t, (socket) => socket.write(ok('[]', 'Cache-Control: no-store')));
  const { port } = await startGateway(t, { billingUrl: billing.url });
  const id = '018F0000-0000-7000-8000-000000000000';
  for (const target of ['/api/billing?limit=2&after=9', `/api/billing/${id}`]) {
    const answer = await send(port, request('GET', target));
    assert.deepEqual([answer.status, answer.headers.get('cache-control')], [200, 'no-store']);
    assert.equal(billing.heads.at(-1)?.split('\r\n')[0], `GET ${target} HTTP/1.1`);
  }
});

test('what became of an order is in the log, also when its client has gone before', async (t) => {
  const lines: Array<Record<string, unknown>> = [];
  const log = createLogger('api-gateway', 'info', {
    write: (line) => lines.push(JSON.parse(line) as (typeof lines)[0]),
  });
  const confirmed = Promise.withResolvers<Outcome>();
  let published = 0;
  const queue: OrderQueue = {
    isOpen: () => true,
    publish: async () => {
      published += 1;
      return confirmed.promise;
    },
  };
  const { port } = await startGateway(t, { queue, log });
  const [gone, waiting] = [openConnection(port), openConnection(port)];
  t.after(() => waiting.end());
  gone.write(post(ORDER, 'X-Request-Id: gone\r\n'));
  waiting.write(post(ORDER, 'X-Request-Id: waiting\r\n'));
  await eventually(() => assert.equal(published, 2));
  gone.end();
  // The server's own line tells its address.
  await eventually(() => assert.equal(lines.length, 2));
  confirmed.resolve('confirmed');
  const answer = JSON.parse((await waiting.read()).body) as Record<string, unknown>;
  await eventually(() => assert.equal(lines.length, 4));
  const [, aborted, ...accepted] = lines;
  assert.deepEqual([aborted?.['request_id'], aborted?.['aborted'], aborted?.['msg']], ['gone', true, 'request']);
  const statuses = accepted.map(({ request_id: id, status, outcome, msg }) => [String(id), [status, outcome, msg]]);
  assert.deepEqual(Object.fromEntries(statuses), {
    gone: [undefined, 'confirmed', 'order accepted'],
    waiting: [200, 'confirmed', 'order accepted'],
  });
  assert.equal(accepted.find(({ request_id }) => request_id === 'waiting')?.['tracking_id'], answer['tracking_id']);
});
