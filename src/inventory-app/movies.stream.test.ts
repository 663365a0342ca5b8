import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import { createDatabase, databaseEnv, query } from '../../tests/support/database.ts';
import { eventually } from '../../tests/support/eventually.ts';
import { startService } from '../../tests/support/service.ts';
import type { Service } from '../../tests/support/service.ts';

const MOVIES = 200_000;

let database: DatabaseConfig;
let service: Service;

before(async (t) => {
  database = await createDatabase(t);
  service = await startService(t, 'inventory-app', databaseEnv(database));
  // No title is searched here, and without the index filling takes a tenth of the time.
  await query(database, 'DROP INDEX movies_title_trigrams');
  await fill();
});

async function fill(): Promise<void> {
  await query(database, 'TRUNCATE movies RESTART IDENTITY');
  await query(
    database,
    `INSERT INTO movies (title, description)
      SELECT 'Movie ' || i, repeat('x', 200) FROM generate_series(1, ${MOVIES}) AS i`,
  );
}

async function open(target: string): Promise<IncomingMessage> {
  const request = get(service.url + target, { agent: false });
  const [response]: IncomingMessage[] = await once(request, 'response');
  assert.ok(response);
  return response;
}

async function readAll(response: IncomingMessage, pauseMs = 0): Promise<Array<{ id: number }>> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    if (pauseMs && chunks.length % 100 === 0) await delay(pauseMs);
  }
  return JSON.parse(Buffer.concat(chunks).toString()) as Array<{ id: number }>;
}

async function residentMb(): Promise<number> {
  const status = await readFile(`/proc/${service.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

/** How many rows of the table have been read so far. */
async function rowsRead(): Promise<number> {
  const rows = await query<{ read: string }>(
    database,
    `SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) AS read FROM pg_stat_user_tables WHERE relname = 'movies'`,
  );
  return Number(rows[0]?.read);
}

const idsOf = (movies: Array<{ id: number }>): number[] => movies.map(({ id }) => id);
const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

test('the whole list arrives complete and in order, and `after` starts it anywhere', async () => {
  const response = await open('/api/movies');
  assert.equal(response.headers['content-type'], 'application/json; charset=utf-8');
  assert.deepEqual(idsOf(await readAll(response)), upTo(MOVIES));
  const rest = await readAll(await open(`/api/movies?after=${MOVIES - 5000}`));
  assert.deepEqual(idsOf(rest), upTo(MOVIES, MOVIES - 4999));
});

test('a list of one page goes out with its length, a longer one in chunks', async () => {
  const short = await open(`/api/movies?after=${MOVIES - 100}`);
  const text = JSON.stringify(await readAll(short));
  assert.equal(short.headers['content-length'], String(text.length));
  const long = await open(`/api/movies?after=${MOVIES - 101}`);
  assert.equal((await readAll(long)).length, 101);
  assert.equal(long.headers['transfer-encoding'], 'chunked');
});

test('memory does not grow with the list, however slow its reader is', async () => {
  await readAll(await open('/api/movies'));
  const startMb = await residentMb();
  let peakMb = 0;
  const watch = setInterval(() => void residentMb().then((mb) => (peakMb = Math.max(peakMb, mb))), 50);
  const movies = await readAll(await open('/api/movies'), 10);
  clearInterval(watch);
  assert.equal(movies.length, MOVIES);
  // The list has 48 MB.
  assert.ok(peakMb - startMb < 25 && peakMb < 150, `from ${startMb} to ${peakMb} MB`);
});

async function connectionsInUse(): Promise<number> {
  const metrics = await (await fetch(service.metricsUrl)).text();
  return Number(/database_pool_connections\{state="in_use"\} (\d+)/.exec(metrics)?.[1]);
}

test('many readers who stop taking leave connections and memory to others, and none is broken off', async () => {
  const startMb = await residentMb();
  let brokenOff = 0;
  const readers = await Promise.all(upTo(100).map((i) => open(i % 2 ? '/api/movies' : '/api/movies?title=Movie')));
  for (const reader of readers) reader.on('error', () => (brokenOff += 1));

  // Until the buffers between here and there are full, all of them are read at once.
  let mostInUse = 0;
  for (let sample = 0; sample < 50; sample += 1) mostInUse = Math.max(mostInUse, await connectionsInUse());
  assert.ok(mostInUse >= 1 && mostInUse <= 3, `${mostInUse} connections`);
  assert.deepEqual(idsOf(await readAll(await open('/api/movies?limit=1'))), [1]);
  const grownMb = (await residentMb()) - startMb;
  assert.ok(grownMb < 120, `${grownMb} MB for 100 readers`);
  assert.equal(brokenOff, 0);
  for (const reader of readers) reader.destroy();
});

test('reading stops when the client goes away, and HEAD does not begin it', async () => {
  // An idle session may keep its statistics to itself for ten seconds; one that is ended hands them in.
  const handIn = async (): Promise<void> => {
    await query(
      database,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'inventory-app' AND state = 'idle'`,
    );
    await delay(1000);
  };
  const settled = async (): Promise<number> =>
    eventually(async () => {
      await handIn();
      const read = await rowsRead();
      await handIn();
      assert.equal(await rowsRead(), read);
      return read;
    });
  const before = await settled();
  for (let i = 0; i < 5; i += 1) await fetch(`${service.url}/api/movies`, { method: 'HEAD' });
  const afterHeads = await settled();
  assert.ok(afterHeads - before < MOVIES / 10, `${afterHeads - before} rows were read for five times HEAD`);
  for (let i = 0; i < 5; i += 1) {
    const response = await open('/api/movies');
    await once(response, 'data');
    response.destroy();
  }
  const read = (await settled()) - afterHeads;
  // The pages that fit into the sockets' buffers, some megabytes, are read ahead.
  assert.ok(read < (5 * MOVIES) / 2, `${read} rows were read for five requests that wanted none`);
});

test('movies deleted while they are listed leave valid JSON', async () => {
  const response = await open('/api/movies');
  await once(response, 'readable');
  await query(database, 'DELETE FROM movies');
  const movies = await readAll(response);
  assert.ok(movies.length > 0 && movies.length < MOVIES, `${movies.length} movies`);
  assert.deepEqual(idsOf(movies), upTo(movies.length));
  await fill();
});

test('a database that dies while a list is sent breaks it off, so that no client takes it for complete', async () => {
  const response = await open('/api/movies');
  await once(response, 'readable');
  await query(database, 'ALTER TABLE movies RENAME TO gone');
  await assert.rejects(readAll(response), { code: 'ECONNRESET' });
  await query(database, 'ALTER TABLE gone RENAME TO movies');
  assert.equal((await readAll(await open('/api/movies'))).length, MOVIES);
});
