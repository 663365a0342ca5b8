import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createDatabase, query } from '../../tests/support/database.ts';
import { createLogger } from './log.ts';
import { SchemaTooNewError, migrate, migrateWhenReachable } from './migrations.ts';

const log = createLogger('test', 'error');

function folder(t: TestContext, files: Record<string, string>): URL {
  const path = mkdtempSync(join(tmpdir(), 'migrations-'));
  t.after(() => rmSync(path, { recursive: true }));
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(path, name), sql);
  return pathToFileURL(`${path}/`);
}

const first = { '001_a.sql': 'CREATE TABLE a (x int); INSERT INTO a VALUES (1);' };
const second = { ...first, '002_b.sql': 'INSERT INTO a VALUES (2);' };

test('ten processes that start together apply each migration once', async (t) => {
  const database = await createDatabase(t);
  const migrations = folder(t, second);
  await Promise.all(Array.from({ length: 10 }, () => migrate(database, migrations, log)));
  assert.deepEqual(await query(database, 'SELECT x FROM a ORDER BY x'), [{ x: 1 }, { x: 2 }]);
  await migrate(database, migrations, log);
  assert.equal((await query(database, 'SELECT * FROM schema_migrations')).length, 2);
});

test('an old program refuses a newer schema', async (t) => {
  const database = await createDatabase(t);
  await migrate(database, folder(t, second), log);
  await assert.rejects(migrate(database, folder(t, first), log), SchemaTooNewError);
});

test('a failing migration leaves nothing behind and is not repeated for ever', async (t) => {
  const database = await createDatabase(t);
  const migrations = folder(t, { '001_a.sql': 'CREATE TABLE a (x int); SELECT 1/0;' });
  const signal = AbortSignal.timeout(20_000);
  await assert.rejects(migrateWhenReachable(database, migrations, log, signal), /migration 001_a.sql failed/);
  assert.deepEqual(
    await query(database, "SELECT to_regclass('a') AS a, (SELECT count(*)::int FROM schema_migrations) AS n"),
    [{ a: null, n: 0 }],
  );
});

test('a database that is not there is waited for until the program is stopped', async (t) => {
  const database = { ...(await createDatabase(t)), port: 1 };
  await assert.rejects(migrateWhenReachable(database, folder(t, first), log, AbortSignal.timeout(500)), {
    name: 'AbortError',
  });
});
