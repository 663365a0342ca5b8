import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { processIdentity } from './process-table.ts';
import { allows, removePostgres } from './postgres.binaries.ts';
import { queryPostgres } from './postgres.query.ts';
import { startPostgres } from './postgres.ts';
import type { PostgresOptions, PostgresServer } from './postgres.ts';

const database = { name: 'orders', owner: 'billing_user', ownerPassword: "it's a secret" };

/** Servers by folder: they stop before it is removed. */
const running = new Map<string, PostgresServer[]>();

async function temporaryFolder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'orchestrator-pg-'));
  t.after(() => remove(dir));
  return dir;
}

async function remove(dir: string): Promise<void> {
  for (const server of running.get(dir) ?? []) await server.stop();
  await removePostgres(dir);
}

async function start(options: PostgresOptions): Promise<PostgresServer & { dir: string }> {
  const server = await startPostgres({ database, ...options });
  running.set(options.dir, [...(running.get(options.dir) ?? []), server]);
  return { ...server, dir: options.dir };
}

async function asOwner(server: PostgresServer, sql: string) {
  assert.ok(server.owner);
  return queryPostgres(server.owner, sql, 5_000);
}

test('a fresh server folds letters beyond ASCII and lets the owner make tables and pg_trgm', async (t) => {
  const server = await start({ dir: await temporaryFolder(t) });
  await asOwner(server, 'CREATE EXTENSION pg_trgm; CREATE TABLE t (n numeric)');
  const { rows } = await asOwner(
    server,
    `SELECT lower('ÉΩ') AS low, 'É' ILIKE 'é' AS same, current_setting('data_checksums') AS sums`,
  );
  assert.deepEqual(rows, [{ low: 'éω', same: true, sums: 'on' }]);
});

test('a committed row survives SIGKILL, and two servers run side by side', async (t) => {
  const dirs = await Promise.all([temporaryFolder(t), temporaryFolder(t)]);
  const [first] = await Promise.all(dirs.map((dir) => start({ dir })));
  assert.ok(first);
  await asOwner(first, 'CREATE TABLE t (n int); INSERT INTO t VALUES (22)');
  first.kill('SIGKILL');
  assert.equal((await first.exited).signal, 'SIGKILL');
  const again = await start({ dir: first.dir, port: first.port });
  assert.deepEqual((await asOwner(again, 'TABLE t')).rows, [{ n: 22 }]);
});

test('a server whose starter is gone is ended by the next start', async (t) => {
  const dir = await temporaryFolder(t);
  const orphan = await start({ dir });
  const again = await start({ dir, port: orphan.port });
  assert.equal(await processIdentity(orphan.pid), '');
  assert.notEqual(again.pid, orphan.pid);
});

test('a lock file that names the pid of another program does not keep the server from starting', async (t) => {
  const dir = await temporaryFolder(t);
  const bystander = await start({ dir: await temporaryFolder(t) });
  const first = await start({ dir });
  const lockFile = join(first.dataDir, 'postmaster.pid');
  const lock = await readFile(lockFile, 'utf8');
  await first.stop();
  await writeFile(lockFile, lock.replace(/^\d+/, String(bystander.pid)));
  await start({ dir });
  assert.notEqual(await processIdentity(bystander.pid), '');
});

test('a port in use is reported with the component and who has it', async (t) => {
  const first = await start({ dir: await temporaryFolder(t) });
  await assert.rejects(
    start({ dir: await temporaryFolder(t), port: first.port }),
    new RegExp(`Port ${first.port}, .*orchestrator-pg-.* pid ${first.pid} \\(`),
  );
});

test('as root, data below a folder that only root can enter is kept where the server can reach it', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root has this to solve');
  const closed = await mkdtemp(join(tmpdir(), 'orchestrator-closed-'));
  await chmod(closed, 0o700);
  const dir = join(closed, 'pg');
  t.after(async () => {
    await remove(dir);
    await rm(closed, { recursive: true });
  });
  const server = await start({ dir });
  assert.match(server.dataDir, /^\/var\/lib\/orchestrator\/pg-/);
  assert.equal((await asOwner(server, 'SELECT 1 AS one')).rows[0].one, 1);
});

test('permission bits are read as the kernel reads them: the first class that fits decides', () => {
  const file = { uid: 1, gid: 2, mode: 0o607 };
  assert.equal(allows(file, { uid: 1, gid: 2 }, 0o1), false);
  assert.equal(allows(file, { uid: 3, gid: 2 }, 0o1), false);
  assert.equal(allows(file, { uid: 3, gid: 3 }, 0o5), true);
});
