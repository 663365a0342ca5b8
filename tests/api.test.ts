import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { MOVIE, ORDER, assertProblem, createClient } from './support/client.ts';
import type { Client, Reply } from './support/client.ts';
import { eventually } from './support/eventually.ts';
import { startStack } from './support/stack.ts';
import type { Stack } from './support/stack.ts';

let stack: Stack;
let client: Client;

before(async (t) => {
  stack = await startStack(t);
  client = await createClient(stack);
});

test('a problem: 400 for malformed JSON', async () => {
  for (const target of ['/api/billing', '/api/movies']) {
    assertProblem(await client.send('POST', target, '{"user_id":', 'application/json'), 400, 'malformed_json');
  }
});

test('a problem: 404 for what is not there, 405 with the methods that are', async () => {
  assertProblem(await client.call('GET', '/api/nothing'), 404, 'not_found');
  for (const [method, target, allowed] of [
    ['PATCH', '/api/movies', ['DELETE', 'GET', 'HEAD', 'POST']],
    ['POST', '/api/movies/1', ['DELETE', 'GET', 'HEAD', 'PUT']],
    ['DELETE', '/api/billing', ['GET', 'HEAD', 'POST']],
    ['DELETE', '/api/billing/018f2f4e-0000-7000-8000-000000000000', ['GET', 'HEAD']],
  ] as const) {
    const reply = await client.call(method, target);
    assertProblem(reply, 405, 'method_not_allowed');
    assert.deepEqual(reply.headers.get('allow')?.split(', ').toSorted(), allowed);
  }
});

test('a problem: 413 and 415 for a body of a wrong size or kind', async () => {
  for (const target of ['/api/billing', '/api/movies']) {
    const large = JSON.stringify({ ...ORDER, ...MOVIE, more: 'x'.repeat(70_000) });
    assertProblem(await client.send('POST', target, large, 'application/json'), 413, 'body_too_large');
    assertProblem(
      await client.send('POST', target, JSON.stringify(ORDER), 'text/plain'),
      415,
      'unsupported_media_type',
    );
  }
});

test('a problem: 422 with one entry for each wrong field, also for one that nobody knows', async () => {
  const order = { user_id: '', number_of_items: '-1', total_amount: '1.005', colour: 'red' };
  const wrong = await client.call('POST', '/api/billing', order);
  assertProblem(wrong, 422, 'invalid_field');
  assert.deepEqual(fieldsOf(wrong), ['colour', 'number_of_items', 'total_amount', 'user_id']);
  const movie = await client.call('POST', '/api/movies/', { title: ' ', director: 'me' });
  assertProblem(movie, 422, 'invalid_field');
  assert.deepEqual(fieldsOf(movie), ['description', 'director', 'title']);
});

test('the front page leads to the reference, which is made from the description', async () => {
  const front = await fetch(stack.gateway.url, { redirect: 'manual' });
  assert.deepEqual([front.status, front.headers.get('location')], [302, '/docs']);
  for (const path of ['/', '/docs', '/docs/']) {
    const page = await fetch(stack.gateway.url + path);
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
    const html = await page.text();
    assert.match(html, /<html/i);
    for (const [, file = ''] of html.matchAll(/(?:src|href)="([^"#]+)"/g)) {
      assert.equal((await fetch(new URL(file, `${stack.gateway.url}/docs`))).status, 200, file);
    }
  }
  const { status, headers, body } = await client.call('GET', '/openapi.json');
  assert.equal(status, 200);
  assert.match(headers.get('content-type') ?? '', /^application\/json/);
  assert.match((body as { openapi: string }).openapi, /^3\.1\./);
});

test('every service tells on its port that it lives and is ready, and only on another port how it does', async () => {
  assert.equal((await client.call('POST', '/api/billing', ORDER)).status, 200);
  assert.equal((await client.call('GET', '/api/movies')).status, 200);
  await eventually(async () => assert.match((await client.call('GET', '/api/billing')).text, /stored/));
  for (const { url, metricsUrl } of [stack.gateway, stack.inventory, stack.billing]) {
    for (const path of ['/health/live', '/health/ready']) assert.equal((await fetch(url + path)).status, 200);
    assert.equal((await fetch(`${url}/metrics`)).status, 404);
    const metrics = await fetch(metricsUrl);
    assert.equal(metrics.status, 200);
    assert.match(metrics.headers.get('content-type') ?? '', /^text\/plain/);
    const text = await metrics.text();
    // Rate and errors are the counts by status, duration the buckets.
    assert.match(text, /^http_request_duration_seconds_count\{[^}]*route="[^"]+"[^}]*status="200"[^}]*\} [1-9]/m);
    assert.match(text, /^http_request_duration_seconds_bucket\{[^}]*le="/m);
    assert.match(text, /^nodejs_eventloop_lag/m);
  }
  const gateway = await (await fetch(stack.gateway.metricsUrl)).text();
  assert.match(gateway, /^http_request_duration_seconds_count\{[^}]*status="422"[^}]*\} [1-9]/m);
  const billing = await (await fetch(stack.billing.metricsUrl)).text();
  assert.match(billing, /^orders_stored_total [1-9]/m);
});

function fieldsOf({ body }: Reply): string[] {
  return (body as { errors: Array<{ field: string }> }).errors.map(({ field }) => field).toSorted();
}
