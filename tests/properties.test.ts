import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { assertDiscreet, assertProblem } from './support/answers.ts';
import {
  bodyBytes,
  headerName,
  headerValue,
  movieText,
  mutated,
  orderText,
  path,
  query as queryParameters,
} from './support/arbitraries.ts';
import { ORDER } from './support/bad-input.case.ts';
import { fetchConformance } from './support/conformance.ts';
import type { Conformance } from './support/conformance.ts';
import { query } from './support/database.ts';
import { openConnection, request, requestWithBody } from './support/exchange.ts';
import type { Answer, Connection } from './support/exchange.ts';
import { emptyModel, movieCommands } from './support/movie-model.ts';
import type { Send } from './support/movie-model.ts';
import { judgeMovie, judgeOrder } from './support/order-oracle.ts';
import { judgePath, judgeQuery } from './support/target-oracle.ts';
import { assertOrders, startStack, watchProcesses } from './support/stack.ts';
import type { Stack } from './support/stack.ts';

/** Set to repeat a run: the same seed generates the same requests. */
const SEED = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);

const options = { includeErrorInReport: true };

/** Each has a connection of its own, and its share of the requests. */
const WORKERS = 8;

let stack: Stack;
let conformance: Conformance;
let assertProcesses: () => void;
let requests = 0;

/** The orders that were answered with 200, by tracking id; nothing else may become a row. */
const orders = new Map<string, Record<string, string>>();

/** The movies that were answered with 200. */
const movies = new Map<number, Record<string, string>>();

before(async (t) => {
  stack = await startStack(t);
  conformance = await fetchConformance(stack.gateway.url);
  assertProcesses = watchProcesses(stack);
});

test('an order is taken exactly when it is valid', (t) =>
  forAll(t, 5000, bodyBytes(orderText), async (send, body) => {
    const verdict = judgeOrder(body);
    const answer = await send('POST', '/api/billing', body);
    if (verdict.is === 'malformed') assertProblem(answer, 400, 'malformed_json');
    else if (verdict.is === 'invalid') assertFields(answer, verdict.fields);
    else if (verdict.is === 'valid' || answer.status === 200) noteOrder(answer, { ...verdict.values });
    else assertProblem(answer, 422, 'invalid_field');
  }));

test('a movie is taken exactly when it is valid, and stored as it is', (t) =>
  forAll(t, 3000, bodyBytes(movieText), async (send, body) => {
    const verdict = judgeMovie(body);
    const answer = await send('POST', '/api/movies', body);
    if (verdict.is === 'malformed') assertProblem(answer, 400, 'malformed_json');
    else if (verdict.is === 'invalid') assertFields(answer, verdict.fields);
    else noteMovie(answer, { ...verdict.values });
  }));

test('only the paths of the API lead anywhere', (t) =>
  forAll(t, 1500, path, async (send, target) => {
    const { status } = await send('GET', target);
    assert.ok(judgePath(target).includes(status), `${status} for ${target}`);
  }));

test('a list is given exactly when the query is valid', (t) =>
  forAll(
    t,
    1500,
    fc.tuple(fc.constantFrom('/api/movies', '/api/billing'), queryParameters),
    async (send, [list, parameters]) => {
      const answer = await send('GET', `${list}?${parameters.map((one) => one.join('=')).join('&')}`);
      const verdict = judgeQuery(list, parameters);
      if (verdict.wrong.length > 0) assertFields(answer, verdict.wrong, verdict.doubtful);
      else if (verdict.doubtful.length === 0 || answer.status === 200) assert.equal(answer.status, 200, answer.body);
      else assertFields(answer, [], verdict.doubtful);
    },
  ));

test('an Idempotency-Key is visible ASCII or refused, and other headers change nothing', (t) => {
  const order = Buffer.from(JSON.stringify(ORDER));
  const ids = new Map<string, string>();
  return forAll(t, 1000, fc.tuple(headerValue, headerName, headerValue), async (send, [key, name, value]) => {
    const headers = `Content-Type: application/json\r\nIdempotency-Key: ${key}\r\n${name}: ${value}\r\n`;
    const answer = await send('POST', '/api/billing', order, headers);
    if (/^[!-~]{1,255}$/.test(key)) {
      const id = noteOrder(answer, ORDER);
      assert.equal(ids.get(key) ?? id, id, 'the same key, the same order');
      ids.set(key, id);
    } else {
      assertProblem(answer, 400, 'malformed_request');
    }
  });
});

test('whatever the bytes of a request, the answer is none of ours going wrong', (t) => {
  const whole = fc.constantFrom(
    request('GET', '/api/movies?limit=3', 'Accept: */*\r\nConnection: close\r\n'),
    request('GET', '/api/billing/018f2f4e-0000-7000-8000-000000000000', 'traceparent: 00-a-b-01\r\n'),
    requestWithBody('POST', '/api/billing', '{"user_id":"1"}'),
    request(
      'POST',
      '/api/movies',
      'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n',
      '2\r\n{}\r\n0\r\n\r\n',
    ),
    requestWithBody('PUT', '/api/movies/1', '{}', 'Content-Type: application/json\r\nIdempotency-Key: a\r\n'),
  );
  return forAll(t, 1000, mutated(whole), async (_send, bytes) => {
    requests += 1;
    const connection = openConnection(stack.port);
    const answer = await Promise.race([connection.exchange(bytes).catch(() => undefined), delayed(500)]);
    connection.end();
    if (answer) assert.ok(answer.status < 500, answer.head);
  });
});

test('every accepted order and movie is there as it was sent, and nothing else', async (t) => {
  t.diagnostic(`${requests} requests, ${orders.size} orders and ${movies.size} movies accepted`);
  assert.ok(requests >= 10_000 && orders.size >= 1000 && movies.size >= 1000);
  await assertOrders(stack, orders);
  const rows = await query<Record<string, string>>(
    stack.inventoryDatabase,
    'SELECT id::int, title, description FROM movies',
  );
  const stored = rows.map(({ id, ...values }): [number, Record<string, string>] => [Number(id), values]);
  assert.deepEqual(new Map(stored), movies);
});

test('movies are what a simple model says, after any sequence of requests', async (t) => {
  t.diagnostic(`PROPERTY_SEED=${SEED}`);
  const send = createSender();
  let commands = 0;
  const sendJson: Send = async (method, target, body) => {
    commands += 1;
    const { status, headers, body: text } = await send(method, target, body && Buffer.from(JSON.stringify(body)));
    return { status, body: JSON.parse(text) as unknown, link: headers.get('link') };
  };
  const property = fc.asyncProperty(movieCommands, async (sequence) => {
    await sendJson('DELETE', '/api/movies');
    await fc.asyncModelRun(() => ({ model: emptyModel(), real: sendJson }), sequence);
  });
  await fc.assert(property, { ...options, seed: SEED, numRuns: 200 });
  t.diagnostic(`${commands} requests`);
});

test('they are the same three processes, no larger than they should be', () => assertProcesses());

type Sender = (method: string, target: string, body?: Buffer, headers?: string) => Promise<Answer>;

/** Checks a property on so many generated values, some at a time. Shows the seed; a failure is shrunk to its smallest case. */
async function forAll<T>(
  t: TestContext,
  runs: number,
  values: fc.Arbitrary<T>,
  check: (send: Sender, value: T) => Promise<void>,
): Promise<void> {
  t.diagnostic(`PROPERTY_SEED=${SEED}`);
  const shares = Array.from({ length: WORKERS }, async (_, worker) => {
    const send = createSender();
    const property = fc.asyncProperty(values, (value) => check(send, value));
    await fc.assert(property, { ...options, seed: SEED + worker, numRuns: Math.ceil(runs / WORKERS) });
  });
  await Promise.all(shares);
}

/** Sends requests over one connection, for as long as it is kept alive, and holds every answer against the description. */
function createSender(): Sender {
  let connection: Connection | undefined;
  return async (method, target, body, headers) => {
    requests += 1;
    if (!connection?.isOpen()) connection = openConnection(stack.port);
    const bytes = body ? requestWithBody(method, target, body, headers) : request(method, target);
    const answer = await connection.exchange(bytes);
    if (answer.headers.get('connection') === 'close') connection.end();
    assert.ok(answer.status < 500, answer.body);
    if (answer.status >= 400) assertDiscreet(answer, []);
    if (answer.headers.has('x-request-id')) assert.deepEqual(conformance.violations(method, target, answer), []);
    return answer;
  };
}

/** The named fields are those that are wrong, perhaps with some that are in doubt. */
function assertFields(answer: Answer, wrong: string[], doubtful: string[] = []): void {
  const { errors = [] } = assertProblem(answer, 422, 'invalid_field');
  const named = new Set(errors.map(({ field }) => field));
  for (const field of wrong) assert.ok(named.delete(field.toWellFormed().slice(0, 64)), `${field}: ${answer.body}`);
  for (const field of doubtful) named.delete(field);
  assert.deepEqual([...named], []);
}

function noteOrder(answer: Answer, values: Record<string, string>): string {
  assert.equal(answer.status, 200, answer.body);
  const { tracking_id: id = '' } = JSON.parse(answer.body) as Record<string, string>;
  orders.set(id, values);
  return id;
}

function noteMovie(answer: Answer, values: Record<string, string>): void {
  assert.equal(answer.status, 200, answer.body);
  const { id, ...created } = JSON.parse(answer.body) as Record<string, string>;
  assert.deepEqual(created, values);
  movies.set(Number(id), values);
}

async function delayed(timeoutMs: number): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  setTimeout(resolve, timeoutMs, undefined);
  return promise;
}
