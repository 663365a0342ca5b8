import { randomBytes } from 'node:crypto';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import { Client } from 'pg';
import type { QueryResultRow } from 'pg';
import { testOf, watchFailures } from './scope.ts';
import type { Scope } from './scope.ts';

/**
 * Creates a fresh database, owned by a role of its own that is no superuser, in the server of TEST_POSTGRES_URL (a
 * superuser's URL). Both are dropped at the end of the test (or file), and kept for a look when it failed.
 */
export async function createDatabase(scope: Scope): Promise<DatabaseConfig> {
  const t = testOf(scope);
  const server = serverUrl();
  const name = `test_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await administer(server, [
    `CREATE ROLE ${name} LOGIN PASSWORD '${password}'`,
    `CREATE DATABASE ${name} OWNER ${name}`,
  ]);

  const failed = watchFailures(t);
  t.after(async () => {
    if (!failed()) {
      await administer(server, [`DROP DATABASE ${name} WITH (FORCE)`, `DROP ROLE ${name}`]);
    } else {
      t.diagnostic(`kept for a look: database ${name}`);
    }
  });
  return { host: server.hostname, port: Number(server.port || 5432), database: name, user: name, password };
}

/** What a service is told about its database, as environment variables. */
export function databaseEnv({ host, port, database, user, password }: DatabaseConfig): Record<string, string> {
  return {
    DATABASE_HOST: host,
    DATABASE_PORT: String(port),
    DATABASE_NAME: database,
    DATABASE_USER: user,
    DATABASE_PASSWORD: password,
  };
}

/** One statement on a connection of its own, as the database's owner; returns the rows. */
export async function query<Row extends QueryResultRow>(
  database: DatabaseConfig,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new Client(database);
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

function serverUrl(): URL {
  const url = process.env['TEST_POSTGRES_URL'];
  if (url && URL.canParse(url)) return new URL(url);
  throw new Error('TEST_POSTGRES_URL is not set: run the tests with "npm test", which starts PostgreSQL and sets it');
}

async function administer(server: URL, statements: string[]): Promise<void> {
  const client = new Client({ connectionString: server.href });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
