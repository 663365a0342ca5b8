import { createHash } from 'node:crypto';
import { queryPostgres } from '@orchestrator/orchestrator/local/postgres.query.ts';
import { migrate } from '@orchestrator/kit/migrations.ts';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import { createLogger } from '@orchestrator/kit/log.ts';

const log = createLogger('bench', 'warn');

/** A million rows with their index of trigrams take a minute or so. */
const FILL_TIMEOUT_MS = 600_000;

/** The tables of a service, made by its own migrations. */
export async function makeTables(database: DatabaseConfig, name: 'inventory-app' | 'billing-app'): Promise<void> {
  await migrate(database, new URL(`../src/${name}/migrations/`, import.meta.url), log);
}

/** A description of this length makes an answer of about 300 bytes. */
const DESCRIPTION_LENGTH = 220;

const SEARCH_INDEXES = `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
  FROM pg_index WHERE indrelid = 'movies'::regclass AND NOT indisunique`;

/** Movies 1 to `count`, with words in their titles of which each occurs in few. */
export async function fillMovies(database: DatabaseConfig, count: number): Promise<void> {
  await makeTables(database, 'inventory-app');
  // An index that is made of all rows at once costs a fraction of one that grows row by row.
  const { rows } = await queryPostgres(database, SEARCH_INDEXES, FILL_TIMEOUT_MS);
  const indexes = rows as { name: string; definition: string }[];
  const statements = [
    ...indexes.map(({ name }) => `DROP INDEX ${name}`),
    `INSERT INTO movies (title, description)
      SELECT 'Movie ' || n || ' of ' || md5(n::text), rpad('A story ', ${DESCRIPTION_LENGTH}, 'about someone ')
      FROM generate_series(1, ${count}) AS n`,
    ...indexes.map(({ definition }) => `SET maintenance_work_mem = '256MB'; ${definition}`),
    'VACUUM ANALYZE movies',
  ];
  for (const sql of statements) await queryPostgres(database, sql, FILL_TIMEOUT_MS);
}

/** A part of the title of one movie and hardly any other. */
export function rareWord(id: number): string {
  return createHash('md5').update(String(id)).digest('hex').slice(0, 10);
}
