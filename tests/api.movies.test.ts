import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import { MOVIE, assertProblem, createClient } from './support/client.ts';
import type { Client } from './support/client.ts';
import { startStack } from './support/stack.ts';

interface Movie {
  id: number;
  title: string;
  description: string;
}

let client: Client;

before(async (t) => {
  client = await createClient(await startStack(t));
});

test('movies are created, listed, read, changed and deleted, with and without a slash at the end', async () => {
  await client.call('DELETE', '/api/movies');
  assert.deepEqual((await client.call('GET', '/api/movies')).body, []);
  const movies: Movie[] = [];
  for (const target of ['/api/movies', '/api/movies/']) {
    const { status, headers, body } = await client.call('POST', target, MOVIE);
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^application\/json/);
    const { id, ...values } = body as Movie;
    assert.ok(Number.isInteger(id));
    assert.deepEqual(values, MOVIE);
    movies.push(body as Movie);
  }
  for (const target of ['/api/movies', '/api/movies/']) {
    const { status, headers, body } = await client.call('GET', target);
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^application\/json/);
    assert.deepEqual(body, movies);
  }
  const [first, second] = movies;
  for (const slash of ['', '/']) {
    const one = `/api/movies/${first?.id}${slash}`;
    const title = `Changed${slash}`;
    const changed = { id: first?.id, title, description: '' };
    const updated = await client.call('PUT', one, { title, description: '' });
    assert.deepEqual([updated.status, updated.body], [200, changed]);
    const read = await client.call('GET', one);
    assert.deepEqual([read.status, read.body], [200, changed]);
  }
  assert.equal((await client.call('DELETE', `/api/movies/${first?.id}`)).status, 200);
  assert.deepEqual((await client.call('GET', '/api/movies')).body, [second]);
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const gone = await client.call(method, `/api/movies/${first?.id}`, method === 'PUT' ? MOVIE : undefined);
    assertProblem(gone, 404, 'not_found');
  }
});

test('movies are deleted all at once, and the answer says how many', async () => {
  await client.call('DELETE', '/api/movies');
  for (let count = 0; count < 3; count += 1) await client.call('POST', '/api/movies', MOVIE);
  const { status, body } = await client.call('DELETE', '/api/movies/');
  assert.equal(status, 200);
  assert.equal((body as { deleted: number }).deleted, 3);
  assert.match((body as { message: string }).message, /3/);
  assert.deepEqual((await client.call('GET', '/api/movies')).body, []);
  assert.equal(((await client.call('DELETE', '/api/movies')).body as { deleted: number }).deleted, 0);
});

test('movies are found by a part of their title: every character stands for itself, in any case', async () => {
  const titles = ['100 % Wolf', '100 x Wolf', 'snake_case', 'snakeXcase', 'back\\slash', "O'Brien", 'Wolfgang'];
  for (const title of titles) await client.call('POST', '/api/movies', { title, description: '' });
  const found = async (title: string, slash = ''): Promise<string[]> => {
    const { status, body } = await client.call('GET', `/api/movies${slash}?title=${encodeURIComponent(title)}`);
    assert.equal(status, 200);
    return (body as Movie[]).map((movie) => movie.title);
  };
  assert.deepEqual(await found('wolf'), ['100 % Wolf', '100 x Wolf', 'Wolfgang']);
  assert.deepEqual(await found('WOLFG', '/'), ['Wolfgang']);
  assert.deepEqual(await found('%'), ['100 % Wolf']);
  assert.deepEqual(await found('0 % W'), ['100 % Wolf']);
  assert.deepEqual(await found('_'), ['snake_case']);
  assert.deepEqual(await found('\\'), ['back\\slash']);
  assert.deepEqual(await found("'"), ["O'Brien"]);
  assert.deepEqual(await found('nothing'), []);
  assert.deepEqual(await found(''), titles);
  assert.deepEqual(
    (await client.call('GET', '/api/movies?title=100+x')).body,
    (await client.call('GET', '/api/movies?title=100%20x')).body,
  );
});

test('movies come in pages that a client walks through by the Link header alone', async () => {
  await client.call('DELETE', '/api/movies');
  for (let count = 0; count < 25; count += 1)
    await client.call('POST', '/api/movies', { title: `No ${count % 2}`, description: '' });
  const all = (await client.call('GET', '/api/movies')).body as Movie[];
  assert.equal(all.length, 25);
  for (const [start, expected] of [
    ['/api/movies?limit=10', all],
    ['/api/movies/?limit=1&title=No%201', all.filter(({ title }) => title === 'No 1')],
    ['/api/movies?limit=5', all],
    ['/api/movies?limit=100', all],
  ] as const) {
    assert.deepEqual(await client.walk(start), expected, start);
  }
  const after = await client.call('GET', `/api/movies?limit=3&after=${all[19]?.id}`);
  assert.deepEqual(after.body, all.slice(20, 23));
  assert.deepEqual((await client.call('GET', `/api/movies?after=${all[19]?.id}`)).body, all.slice(20));
  assert.equal((await client.call('GET', '/api/movies')).headers.get('link'), null);
  for (const bad of ['limit=0', 'limit=101', 'limit=x', 'after=x', 'after=-1']) {
    assertProblem(await client.call('GET', `/api/movies?${bad}`), 422, 'invalid_field');
  }
});

test('movies are created once for an Idempotency-Key', async () => {
  const headers = { 'idempotency-key': randomUUID() };
  const first = await client.call('POST', '/api/movies', MOVIE, headers);
  const again = await client.call('POST', '/api/movies/', MOVIE, headers);
  assert.deepEqual([again.status, again.body], [200, first.body]);
  const other = await client.call('POST', '/api/movies', { ...MOVIE, title: 'Another' }, headers);
  assertProblem(other, 422, 'idempotency_conflict');
  const { id } = first.body as Movie;
  assert.deepEqual((await client.call('GET', `/api/movies/${id}`)).body, first.body);
  assert.deepEqual((await client.call('GET', `/api/movies?after=${id - 1}&limit=100`)).body, [first.body]);
  const concurrent = { 'idempotency-key': randomUUID() };
  const many = await Promise.all(
    Array.from({ length: 20 }, () => client.call('POST', '/api/movies', MOVIE, concurrent)),
  );
  assert.equal(new Set(many.map(({ status, text }) => `${status} ${text}`)).size, 1);
  assert.equal(many[0]?.status, 200);
});
