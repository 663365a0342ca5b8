import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import { createDatabase, databaseEnv, query } from '../../tests/support/database.ts';
import { startService } from '../../tests/support/service.ts';

let database: DatabaseConfig;
let urls: string[];

before(async (t) => {
  database = await createDatabase(t);
  // Started together on an empty database, they also prove that migrations do not collide.
  const services = await Promise.all([1, 2, 3].map(() => startService(t, 'inventory-app', databaseEnv(database))));
  urls = services.map(({ url }) => url);
});

interface Answer {
  status: number;
  text: string;
}

/** Sends the same movie to one process after the other. */
async function post(key: string, body: unknown, process = 0): Promise<Answer> {
  const response = await fetch(`${urls[process % urls.length]}/api/movies`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

async function count(title: string): Promise<number> {
  const rows = await query<{ count: string }>(database, 'SELECT count(*) FROM movies WHERE title = $1', [title]);
  return Number(rows[0]?.count);
}

const times = (n: number): number[] => Array.from({ length: n }, (_, index) => index);

test('fifty requests at once with one key make one movie and get one answer', async () => {
  for (const round of times(5)) {
    const movie = { title: `Once ${round}`, description: 'd' };
    const answers = await Promise.all(times(50).map((i) => post(`key ${round}`.replace(' ', '-'), movie, i)));
    const different = new Set(answers.map(({ status, text }) => `${status} ${text}`));
    assert.equal(different.size, 1, [...different].join('\n'));
    assert.equal(answers[0]?.status, 200);
    assert.equal(await count(movie.title), 1);
  }
});

test('of fifty different movies at once under one key one is made, the others are told', async () => {
  const answers = await Promise.all(
    times(50).map((i) => post('contested', { title: `Rival ${i}`, description: '' }, i)),
  );
  const made = answers.filter(({ status }) => status === 200);
  assert.equal(made.length, 1);
  for (const { status, text } of answers.filter((answer) => answer !== made[0])) {
    assert.equal(status, 422);
    assert.equal((JSON.parse(text) as { code: string }).code, 'idempotency_conflict');
  }
  const rows = await query(database, `SELECT FROM movies WHERE title LIKE 'Rival %'`);
  assert.equal(rows.length, 1);
});

test('the same values count as the same movie, however they are written', async () => {
  const first = await post('written', { title: 'É"x', description: 'd' });
  assert.equal(first.status, 200);
  const again = await post('written', String.raw`{ "description": "\u0064", "title": "\u00c9\u0022x" }`, 1);
  assert.deepEqual(again, first);
  // One string that could be split in two ways must not be the same movie.
  assert.equal((await post('written', { title: 'É"', description: 'xd' })).status, 422);
  assert.equal(await count('É"x'), 1);
});

test('the answer stays the same when the movie was changed or deleted, and no second one is made', async () => {
  const movie = { title: 'Gone', description: '' };
  const first = await post('gone', movie);
  const { id } = JSON.parse(first.text) as { id: number };
  await query(database, `UPDATE movies SET title = 'Changed' WHERE id = $1`, [id]);
  assert.deepEqual(await post('gone', movie, 1), first);
  await query(database, 'DELETE FROM movies WHERE id = $1', [id]);
  assert.deepEqual(await post('gone', movie, 2), first);
  assert.deepEqual([await count('Gone'), await count('Changed')], [0, 0]);
});

test('a key is not used up by a movie that was refused', async () => {
  assert.equal((await post('later', { title: '', description: '' })).status, 422);
  assert.equal((await post('later', { title: 'Later', description: '' })).status, 200);
  assert.equal(await count('Later'), 1);
});

test('a key that is not usable is refused, and makes no movie', async () => {
  const movie = { title: 'Unusable', description: '' };
  for (const key of ['', 'a b', 'é', 'x'.repeat(256)]) {
    const { status, text } = await post(key, movie);
    assert.deepEqual([status, (JSON.parse(text) as { code: string }).code], [400, 'malformed_request'], key);
  }
  const twice = new Headers({ 'idempotency-key': 'a', 'content-type': 'application/json' });
  twice.append('idempotency-key', 'a');
  const refused = await fetch(`${urls[0]}/api/movies`, { method: 'POST', body: JSON.stringify(movie), headers: twice });
  assert.equal(refused.status, 400);
  assert.equal(await count('Unusable'), 0);
  for (const key of ['!', '~'.repeat(255)]) assert.equal((await post(key, movie)).status, 200);
  assert.equal(await count('Unusable'), 2);
});
