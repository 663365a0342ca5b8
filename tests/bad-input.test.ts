import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { ANSWER_LIMIT_MS, assertDiscreet, assertProblem } from './support/answers.ts';
import { FIRST_MOVIE, HUSH, MOVIE } from './support/bad-input.case.ts';
import type { Case } from './support/bad-input.case.ts';
import { cases } from './support/bad-input.cases.ts';
import { fetchConformance } from './support/conformance.ts';
import type { Conformance } from './support/conformance.ts';
import { query } from './support/database.ts';
import { openConnection, request, requestWithBody, toBuffer } from './support/exchange.ts';
import type { Answer } from './support/exchange.ts';
import { assertOrders, startStack, watchProcesses } from './support/stack.ts';
import type { Stack } from './support/stack.ts';

/** As many requests at a time: many enough to be quick, few enough that two processors answer each in time. */
const CONCURRENCY = 16;

let stack: Stack;
let conformance: Conformance;
let assertProcesses: () => void;

/** The orders that were answered with 200, by tracking id; nothing else may become a row. */
const orders = new Map<string, Record<string, string>>();

/** The texts of the problems, by code. */
const details = new Map<string, Set<string>>();

/** The movies that were answered with 200. */
const movieIds = new Set<number>();

before(async (t) => {
  stack = await startStack(t);
  conformance = await fetchConformance(stack.gateway.url);
  noteStored(MOVIE, await send({ bytes: requestWithBody('POST', '/api/movies', JSON.stringify(MOVIE)) }));
  assert.deepEqual([...movieIds], [Number(FIRST_MOVIE.split('/').at(-1))]);
  assertProcesses = watchProcesses(stack);
});

suite('each request is answered as it deserves', { concurrency: CONCURRENCY }, () => {
  for (const one of cases) test(`${one.what} is answered ${one.status} ${one.code ?? ''}`, () => check(one));
});

test('there are at least 300 cases, all of them different', () => {
  const different = new Set(cases.map(({ bytes }) => toBuffer(bytes).toString('latin1')));
  assert.ok(different.size >= 300, `${different.size} cases`);
  const names = new Set(cases.map(({ what, status }) => what + status));
  assert.equal(names.size, cases.length, 'a name stands for one case');
});

test('the text of a problem does not depend on what was sent', () => {
  assert.ok(details.size >= 10);
  // Wrong fields are named, and there are endless combinations of them.
  details.delete('invalid_field');
  for (const [code, texts] of details) assert.ok(texts.size <= 8, `${code}: ${[...texts].join('; ')}`);
});

test('the accepted orders and movies are there as they were sent, and nothing else', async () => {
  assert.ok(orders.size > 50 && movieIds.size > 50);
  await assertOrders(stack, orders);
  const movies = await query<{ id: number }>(stack.inventoryDatabase, 'SELECT id::int FROM movies');
  assert.deepEqual(new Set(movies.map(({ id }) => id)), movieIds);
});

test('they are the same three processes, no larger than they should be', () => assertProcesses());

async function check(one: Case): Promise<void> {
  const answer = await send(one);
  assert.ok(answer.tookMs < ANSWER_LIMIT_MS, `it took ${answer.tookMs} ms`);
  const [method = '', target = ''] = toBuffer(one.bytes).toString('latin1').trimStart().split(/ +/, 2);
  if (one.code === undefined || method === 'HEAD') {
    assert.equal(answer.status, one.status, `${answer.head}\r\n\r\n${answer.body}`);
    if (one.stored) noteStored(one.stored, answer);
  } else {
    const problem = assertProblem(answer, one.status, one.code);
    details.set(problem.code, (details.get(problem.code) ?? new Set()).add(problem.detail));
    if (one.fields) assert.deepEqual(problem.errors?.map(({ field }) => field).toSorted(), one.fields.toSorted());
    assertDiscreet(answer, [HUSH, ...addresses(), ...(one.hush && isTelling(one.hush) ? [one.hush] : [])]);
  }
  for (const [name, pattern] of Object.entries(one.headers ?? {}))
    assert.match(answer.headers.get(name) ?? '', pattern);
  // What the parser refused has no request id, and belongs to no operation.
  if (answer.headers.has('x-request-id') && target.startsWith('/')) {
    assert.deepEqual(conformance.violations(method, target, answer), []);
  }
}

/** Sends a request, and makes sure that the connection is closed if the answer says so, and serves the next one if not. */
async function send({ bytes, ends }: Pick<Case, 'bytes' | 'ends'>): Promise<Answer> {
  const connection = openConnection(stack.port);
  try {
    const answer = await connection.exchange(bytes);
    if (/close/i.test(answer.headers.get('connection') ?? '')) await connection.closed();
    else if (!ends) assert.equal((await connection.exchange(request('GET', '/health/live'))).status, 200);
    return answer;
  } finally {
    connection.end();
  }
}

function noteStored(stored: Record<string, string>, { body }: Answer): void {
  const { tracking_id: trackingId, id, ...values } = JSON.parse(body) as Record<string, string>;
  if (trackingId === undefined) {
    assert.deepEqual(values, stored);
    movieIds.add(Number(id));
  } else {
    assert.ok(!orders.has(trackingId), 'two orders have one tracking id');
    orders.set(trackingId, stored);
  }
}

/** Long enough not to be met by chance, and no word that problems use themselves. */
function isTelling(text: string): boolean {
  return text.length >= 6 && !/^-?[a-z]+$/i.test(text);
}

/** What no answer may show. */
function addresses(): string[] {
  const services = [stack.inventory, stack.billing].map(({ url }) => new URL(url).port);
  return [stack.broker.port, stack.ordersDatabase.port, ...services].map((port) => `:${port}`);
}
