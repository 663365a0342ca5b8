import { readFile, readdir } from 'node:fs/promises';
import { Client } from 'pg';
import type { Logger } from './log.ts';
import { isTransient } from './postgres.ts';
import type { DatabaseConfig } from './postgres.ts';
import { retry } from './retry.ts';

/** The key of the advisory lock that lets one starting process migrate while the others wait. Any constant will do. */
const LOCK_KEY = 6_842_001;

const CONNECT_TIMEOUT_MS = 1500;

/** The database was migrated by a newer version of this program; this one does not know what it would break. */
export class SchemaTooNewError extends Error {
  constructor(found: number, known: number) {
    super(
      `the database has schema version ${found}, this program knows ${known}: deploy a newer version of the program`,
    );
    this.name = 'SchemaTooNewError';
  }
}

/**
 * Migrates as soon as the database can be reached. Throws what waiting would not cure: SchemaTooNewError, a failing
 * statement; or an AbortError when the signal aborts.
 */
export async function migrateWhenReachable(
  config: DatabaseConfig,
  folder: URL,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  await retry(() => migrate(config, folder, log), {
    firstDelayMs: 100,
    maxDelayMs: 2000,
    signal,
    onFailure: (error, nextDelayMs) => {
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      if (error instanceof SchemaTooNewError || !isTransient(cause)) throw error;
      log.warn({ err: error, nextDelayMs }, 'the database cannot be migrated yet');
    },
  });
}

/**
 * Applies the numbered files `NNN_name.sql` of a folder that the database does not have yet, each in a transaction of
 * its own. Safe when several processes start together. Throws SchemaTooNewError, or the database's error.
 */
export async function migrate(config: DatabaseConfig, folder: URL, log: Logger): Promise<void> {
  const files = (await readdir(folder)).filter((name) => /^\d+_.*\.sql$/.test(name)).toSorted();
  const client = new Client({ ...config, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true });
  client.on('error', (error) => log.warn({ err: error }, 'the connection was lost during a migration'));
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK_KEY]);
    const current = await currentVersion(client);
    const known = Math.max(0, ...files.map(versionOf));
    if (current > known) throw new SchemaTooNewError(current, known);
    for (const file of files.filter((name) => versionOf(name) > current)) {
      await apply(client, file, await readFile(new URL(file, folder), 'utf8'));
      log.info({ migration: file }, 'migration applied');
    }
  } finally {
    // Ends the session, and with it the lock; an error here must not hide the first one.
    await client.end().catch(() => undefined);
  }
}

async function currentVersion(client: Client): Promise<number> {
  await client.query(
    'CREATE TABLE IF NOT EXISTS schema_migrations (version int PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
  );
  const result = await client.query<{ version: number }>(
    'SELECT coalesce(max(version), 0) AS version FROM schema_migrations',
  );
  return result.rows[0]?.version ?? 0;
}

async function apply(client: Client, file: string, sql: string): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query('INSERT INTO schema_migrations (version, name) VALUES ($1, $2)', [versionOf(file), file]);
    await client.query(sql);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw new Error(`migration ${file} failed`, { cause: error });
  }
}

function versionOf(file: string): number {
  return Number.parseInt(file, 10);
}
