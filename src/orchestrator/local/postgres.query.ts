import pg from 'pg';

export interface Connection {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

export interface NewDatabase {
  name: string;
  owner: string;
  ownerPassword: string;
}

/** One query on a connection of its own. */
export async function queryPostgres(connection: Connection, sql: string, timeoutMs: number): Promise<pg.QueryResult> {
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs });
  // A server that dies between two queries reports here; the query itself rejects as well.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await client.query(sql);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Makes the database and its owner where they are missing, and gives the owner this password. */
export async function createDatabase(superuser: Connection, database: NewDatabase): Promise<void> {
  const name = pg.escapeIdentifier(database.name);
  const owner = pg.escapeIdentifier(database.owner);
  const ask = (sql: string) => queryPostgres(superuser, sql, 10_000);
  const { rowCount: owners } = await ask(`SELECT FROM pg_roles WHERE rolname = ${pg.escapeLiteral(database.owner)}`);
  await ask(
    `${owners === 0 ? 'CREATE' : 'ALTER'} ROLE ${owner} LOGIN PASSWORD ${pg.escapeLiteral(database.ownerPassword)}`,
  );
  const { rowCount: databases } = await ask(
    `SELECT FROM pg_database WHERE datname = ${pg.escapeLiteral(database.name)}`,
  );
  if (databases === 0) await ask(`CREATE DATABASE ${name} OWNER ${owner}`);
}
