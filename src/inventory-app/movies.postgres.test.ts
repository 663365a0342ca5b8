import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createLogger } from '@orchestrator/kit/log.ts';
import { migrate } from '@orchestrator/kit/migrations.ts';
import { openPool } from '@orchestrator/kit/postgres.ts';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import type { Pool, QueryConfig } from 'pg';
import { createDatabase, query } from '../../tests/support/database.ts';
import { createMovieStore } from './movies.postgres.ts';
import type { MovieStore, Selection } from './movies.ts';

const MOVIES = 100_000;
const log = createLogger('test', 'error');

let database: DatabaseConfig;
let pool: Pool;
let store: MovieStore;

before(async (t) => {
  database = await createDatabase(t);
  await migrate(database, new URL('migrations/', import.meta.url), log);
  pool = openPool(database, 'test', log);
  store = createMovieStore(pool, () => true);
  // One in a thousand is a Zanzibar, and they are the last.
  await query(
    database,
    `INSERT INTO movies (title, description)
      SELECT CASE WHEN i > ${MOVIES - 100} THEN 'Zanzibar ' ELSE 'Common ' END || substr(md5(i::text), 1, 8), 'x'
      FROM generate_series(1, ${MOVIES}) AS i`,
  );
});

after(() => pool.end());

/** What the database does for one page: the plan of the very statement the store sends, with its values. */
async function planOf(selection: Selection, rows: number): Promise<{ plan: string; found: number }> {
  let plan = '';
  const explain = async (statement: QueryConfig): Promise<unknown> => {
    const explained = await pool.query({ text: `EXPLAIN ANALYZE ${statement.text}`, values: statement.values ?? [] });
    plan = JSON.stringify(explained.rows, undefined, 1);
    return pool.query(statement);
  };
  const explained = createMovieStore({ query: explain } as unknown as Pool, () => true);
  const { json } = await explained.page(selection, rows);
  return { plan, found: (JSON.parse(json) as unknown[]).length };
}

for (const analyzed of [false, true]) {
  test(`a rare title is found through the index, ${analyzed ? 'with' : 'without'} statistics`, async () => {
    if (analyzed) await query(database, 'ANALYZE movies');
    for (const after of [0, MOVIES / 2]) {
      for (const rows of [1, 20, 100, 1000]) {
        for (const title of ['zanzibar', 'nowhere to be found', 'Zanzibar f']) {
          const { plan } = await planOf({ after, title }, rows);
          assert.match(plan, /Index Scan on movies_title_trigrams/, `${title} after ${after}, ${rows} rows:\n${plan}`);
        }
      }
    }
    assert.equal((await planOf({ after: 0, title: 'zanzibar' }, 1000)).found, 100);
  });
}

test('a common title is not looked up in the index only to be sorted', async () => {
  const { plan, found } = await planOf({ after: 0, title: 'common' }, 20);
  assert.match(plan, /Index Scan using movies_pkey/);
  assert.equal(found, 20);
});

test('after expensive searches the plan is still made for the title', async () => {
  // A named statement would get one plan for all titles from here on: a walk through the whole table, 30 times as slow.
  for (let i = 0; i < 10; i += 1) await store.page({ after: 0, title: '77' }, 1000);
  const beganMs = performance.now();
  for (let i = 0; i < 20; i += 1) await store.page({ after: 0, title: 'zanzibar' }, 1);
  const eachMs = (performance.now() - beganMs) / 20;
  assert.ok(eachMs < 60, `${eachMs} ms each`);
});

test('keys older than a day are forgotten, others are not', async () => {
  const insert = async (key: string): Promise<unknown> =>
    store.insertOnce({ title: key, description: '' }, key, Buffer.from(key));
  for (const key of ['old 1', 'old 2', 'old 3', 'young']) await insert(key);
  await query(
    database,
    `UPDATE idempotency_keys SET created_at = now() - CASE key WHEN 'young' THEN interval '23:59' ELSE interval '24:01' END`,
  );
  for (const key of ['new 1', 'new 2', 'new 3']) await insert(key);
  const keys = await query<{ key: string }>(database, 'SELECT key FROM idempotency_keys ORDER BY key');
  assert.deepEqual(
    keys.map(({ key }) => key),
    ['new 1', 'new 2', 'new 3', 'young'],
  );
});

test('what is asked for in one turn is found with one statement, each the right one', async () => {
  const sent: QueryConfig[] = [];
  const counted = async (statement: QueryConfig): Promise<unknown> => {
    sent.push(statement);
    return pool.query(statement);
  };
  const counting = createMovieStore({ query: counted } as unknown as Pool, () => true);
  const ids = [3, 1, 999_999, 3, 2, 0];
  const found = await Promise.all(ids.map(async (id) => counting.find(id)));
  assert.deepEqual(
    found.map((json) => (json === undefined ? undefined : (JSON.parse(json) as { id: number }).id)),
    [3, 1, undefined, 3, 2, undefined],
  );
  assert.equal(sent.length, 1);
  const again = (await counting.find(4)) ?? '';
  assert.equal((JSON.parse(again) as { id: number }).id, 4);
  const asked = sent.map(({ values }) => values);
  assert.deepEqual(asked, [[ids], [[4]]], 'the next turn asks for its own');
});

test('values that the database refuses are the fault of the client, all else it reports is not', async () => {
  await assert.rejects(store.insert({ title: 'a\u0000', description: '' }), { name: 'Problem', code: 'invalid_field' });
  await assert.rejects(store.find(2 ** 64), { name: 'Problem', code: 'invalid_field' });
  await query(database, 'ALTER TABLE movies RENAME TO gone');
  await assert.rejects(store.deleteAll(), { code: '42P01' });
  await query(database, 'ALTER TABLE gone RENAME TO movies');
  const notMigrated = createMovieStore(pool, () => false);
  await assert.rejects(notMigrated.deleteAll(), { code: 'database_unavailable', headers: { 'retry-after': '1' } });
});
