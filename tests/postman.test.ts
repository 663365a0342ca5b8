import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as forward } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { before, test } from 'node:test';
import type { TestContext } from 'node:test';
import { declaredAssertions, runCollection } from './support/newman.ts';
import { startStack } from './support/stack.ts';

/** Runs only where nobody's movies are lost by it. */
const DELETE_ALL = 'Delete all movies: ';

const declared = declaredAssertions();
let gateway: string;

before(async (t) => {
  gateway = (await startStack(t)).gateway.url;
});

test('every assertion has a name of its own', () => {
  assert.ok(declared.length > 0);
  assert.deepEqual(new Set(declared).size, declared.length);
});

test('the collection passes, again and again, and leaves out nothing', async () => {
  for (let time = 1; time <= 2; time += 1) {
    const { failures, executed, exitCode } = await runCollection({ baseUrl: gateway });
    assert.deepEqual(failures, []);
    assert.deepEqual(executed, new Set(declared));
    assert.equal(exitCode, 0);
  }
});

test('the collection deletes the movies that it found only when it is told to', async () => {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ title: 'Mine', description: '' });
  const created = await fetch(`${gateway}/api/movies`, { method: 'POST', headers, body });
  assert.equal(created.status, 200);
  const mine: unknown = await created.json();

  const careful = await runCollection({ baseUrl: gateway });
  assert.deepEqual(careful.failures, []);
  assert.deepEqual(careful.executed, new Set(declared.filter((name) => !name.startsWith(DELETE_ALL))));
  assert.deepEqual(await listMovies(), [mine]);

  const told = await runCollection({ baseUrl: gateway, deleteAllMovies: 'yes' });
  assert.deepEqual(told.failures, []);
  assert.deepEqual(told.executed, new Set(declared));
  assert.deepEqual(await listMovies(), []);
});

test('each single assertion fails on an answer that is all wrong', async (t) => {
  const url = await serve(t, (_request, response) =>
    response.writeHead(299, { 'content-type': 'text/plain' }).end('no'),
  );
  const { failed, exitCode } = await runCollection({ baseUrl: url });
  assert.deepEqual(failed, new Set(declared));
  assert.notEqual(exitCode, 0);
});

test('an amount that became a number fails the assertions on it and no others', async (t) => {
  const url = await serve(t, (request, response) => {
    const { method, headers } = request;
    const forwarded = forward(gateway + request.url, { method, headers }, (answer) => {
      void text(answer).then((body) => {
        const changed = body.replaceAll(/"total_amount":\s*"([^"]+)"/g, '"total_amount":$1');
        const { 'content-length': _, ...kept } = answer.headers;
        return response.writeHead(answer.statusCode ?? 0, kept).end(changed);
      });
    });
    request.pipe(forwarded);
  });
  const { failed, exitCode } = await runCollection({ baseUrl: url });
  assert.deepEqual(
    failed,
    new Set([
      'The order is stored: the amount is a string and exact',
      'The order with numbers is stored: its values are strings',
      'The first order stays as it was: stored as it was sent first',
    ]),
  );
  assert.notEqual(exitCode, 0);
});

async function listMovies(): Promise<unknown> {
  return (await fetch(`${gateway}/api/movies`)).json();
}

async function serve(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
