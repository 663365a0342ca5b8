import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createDatabase, databaseEnv, query } from '../../tests/support/database.ts';
import { eventually } from '../../tests/support/eventually.ts';
import { freePort, runToEnd, startService } from '../../tests/support/service.ts';

/** A way to a database that can be closed (new connections are refused, old ones cut) and opened again. */
async function doorTo(t: TestContext, target: { host: string; port: number }, port: number) {
  const sockets = new Set<Socket>();
  const server = createServer((inside) => {
    const outside = connect(target.port, target.host);
    for (const socket of [inside, outside]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    inside.pipe(outside).pipe(inside);
  });
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.resetAndDestroy();
  };
  t.after(close);
  return { close, open: async () => once(server.listen(port, '127.0.0.1'), 'listening') };
}

test('it lives without its database, is ready when it comes, and comes back with it', async (t) => {
  const database = await createDatabase(t);
  const port = await freePort();
  const door = await doorTo(t, database, port);
  const env = { ...databaseEnv(database), DATABASE_HOST: '127.0.0.1', DATABASE_PORT: String(port) };
  const { url, logs } = await startService(t, 'inventory-app', env, '/health/live');

  const assertAway = async (): Promise<void> => {
    assert.equal((await fetch(`${url}/health/live`)).status, 200);
    assert.equal((await fetch(`${url}/health/ready`)).status, 503);
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/1'],
      ['DELETE', ''],
      ['DELETE', '/1'],
      ['POST', ''],
      ['PUT', '/1'],
    ]) {
      const body = method?.startsWith('P') && { body: JSON.stringify({ title: 'x', description: '' }) };
      const beganMs = performance.now();
      const answer = await fetch(`${url}/api/movies${path}`, {
        method: method ?? '',
        headers: { ...(body && { 'content-type': 'application/json' }) },
        ...body,
      });
      const problem = (await answer.json()) as { code: string };
      assert.deepEqual([answer.status, problem.code], [503, 'database_unavailable'], `${method} ${path}`);
      assert.equal(answer.headers.get('retry-after'), '1');
      assert.ok(performance.now() - beganMs < 5000);
    }
  };

  const assertBack = async (): Promise<void> => {
    await eventually(async () => assert.equal((await fetch(`${url}/health/ready`)).status, 200));
    assert.equal((await fetch(`${url}/api/movies`)).status, 200);
  };

  await assertAway();
  await door.open();
  await assertBack();
  door.close();
  await assertAway();
  await door.open();
  await assertBack();
  assert.doesNotMatch(logs(), /"level":"fatal"/);
});

test('a database that is reached but does not answer gives 503 within 5 s, and the service recovers', async (t) => {
  const database = await createDatabase(t);
  const { url } = await startService(t, 'inventory-app', databaseEnv(database));
  // Holds every statement on the table for longer than the service waits.
  const held = query(database, 'BEGIN; LOCK TABLE movies IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(5); COMMIT');
  await eventually(async () => {
    const rows = await query(
      database,
      `SELECT FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'movies'::regclass`,
    );
    assert.equal(rows.length, 1);
  });
  const beganMs = performance.now();
  const answers = await Promise.all(Array.from({ length: 30 }, () => fetch(`${url}/api/movies`)));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [503]);
  assert.ok(performance.now() - beganMs < 5000);
  await held;
  assert.equal((await fetch(`${url}/api/movies`)).status, 200);
});

test('it ends with exit code 1 when the database belongs to a newer version', async (t) => {
  const database = await createDatabase(t);
  const { stop } = await startService(t, 'inventory-app', databaseEnv(database));
  assert.equal(await stop(), 0);
  await query(database, `INSERT INTO schema_migrations (version, name) VALUES (999, '999_future.sql')`);
  const env = { PORT: String(await freePort()), METRICS_PORT: String(await freePort()), DRAIN_MS: '0' };
  const { code, logs } = await runToEnd('inventory-app', { ...env, ...databaseEnv(database) });
  assert.equal(code, 1);
  assert.match(logs, /schema version 999/);
});

test('it ends with exit code 1 and names every fault of its configuration', async () => {
  const { code, logs } = await runToEnd('inventory-app', { PORT: 'x', LOG_LEVEL: 'loud', DRAIN_MS: '-1' });
  assert.equal(code, 1);
  for (const name of ['PORT', 'LOG_LEVEL', 'DRAIN_MS', 'DATABASE_HOST', 'DATABASE_USER', 'DATABASE_PASSWORD_FILE']) {
    assert.match(logs, new RegExp(`\\b${name}\\b`));
  }
  assert.doesNotMatch(logs, /^\s+at /m);
});

test('it stops in order while its database is away, and ends the requests in hand', async (t) => {
  const database = await createDatabase(t);
  const away = { ...databaseEnv(database), DATABASE_PORT: String(await freePort()) };
  const waiting = await startService(t, 'inventory-app', away, '/health/live');
  assert.equal(await waiting.stop(), 0, waiting.logs());

  const { url, stop } = await startService(t, 'inventory-app', { ...databaseEnv(database), DRAIN_MS: '500' });
  const held = query(database, 'BEGIN; LOCK TABLE movies IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(1); COMMIT');
  const inHand = fetch(`${url}/api/movies`);
  const stopped = stop();
  await eventually(async () => assert.equal((await fetch(`${url}/health/ready`)).status, 503));
  assert.equal((await inHand).status, 200);
  assert.equal(await stopped, 0);
  await held;
});

test('its metrics are on a port of their own', async (t) => {
  const database = await createDatabase(t);
  const { url, metricsUrl } = await startService(t, 'inventory-app', databaseEnv(database));
  await fetch(`${url}/api/movies/7`);
  assert.equal((await fetch(`${url}/metrics`)).status, 404);
  const metrics = await eventually(async () => {
    const text = await (await fetch(metricsUrl)).text();
    assert.match(text, /http_request_duration_seconds_count\{method="GET",route="\/api\/movies\/:id",status="404"\} 1/);
    return text;
  });
  assert.match(metrics, /database_pool_connections\{state="idle"\} 1/);
});
