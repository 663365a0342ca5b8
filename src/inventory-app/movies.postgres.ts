import { promisify } from 'node:util';
import type { Movie, NewMovie } from '@orchestrator/contracts/movie.ts';
import { Problem } from '@orchestrator/contracts/problem.ts';
import type { Queries } from '@orchestrator/kit/postgres.pipeline.ts';
import { isTransient, sqlState } from '@orchestrator/kit/postgres.ts';
import type { QueryResult } from 'pg';
import type { MovieJson, MovieStore, Page, Selection } from './movies.ts';

type Id = Movie['id'];
type Once = Awaited<ReturnType<MovieStore['insertOnce']>>;

interface PageRow {
  json: string;
  last_id: Id;
  more: boolean;
}

type Run = Queries['query'];

/**
 * The movies in a PostgreSQL database, which makes their JSON text itself. Nothing is asked of it before `isMigrated`. Pages of a
 * list go the quick way however long the list is: with the pool's timer for each statement it takes twice the memory.
 */
export function createMovieStore(pool: Queries, isMigrated: () => boolean, pipeline: Queries = pool): MovieStore {
  const on =
    (queries: Queries): Run =>
    async (statement) => {
      if (!isMigrated()) throw unavailable('The database is not migrated yet');
      try {
        return await queries.query(statement);
      } catch (error) {
        throw translate(error);
      }
    };
  const run = on(pool);
  const runQuick = on(pipeline);
  return {
    check: () => run({ name: 'check', text: 'SELECT 1' }),
    page: (selection, rows) =>
      selection.title ? searchPage(run, selection, rows) : listPage(runQuick, selection, rows),
    find: finder(runQuick),
    insert: (movie) => insert(run, movie),
    insertOnce: (movie, key, fingerprint) => insertOnce(run, movie, key, fingerprint),
    update: (id, movie) => update(run, id, movie),
    delete: (id) => deleteOne(run, id),
    deleteAll: () => deleteAll(run),
  };
}

async function listPage(run: Run, { after }: Selection, rows: number): Promise<Page> {
  return toPage(await run({ name: 'list', text: LIST, values: [after, rows] }));
}

/** Has no name on purpose: planned anew for each title, it walks by id for a common one and takes the index for a rare one. */
async function searchPage(run: Run, { after, title }: Selection, rows: number): Promise<Page> {
  const pattern = `%${title.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  return toPage(await run({ text: SEARCH, values: [after, rows, pattern] }));
}

/**
 * The movies of the innermost query come in its order, for nothing stands between them and the aggregate: sorting them again
 * there, as looking for one movie more to know whether there is any, would take as long as all the rest.
 */
const LIST = `
  SELECT json, last_id, last_id < (SELECT max(id) FROM movies) AS more
  FROM (
    SELECT '[' || coalesce(string_agg(row_to_json(movie)::text, ','), '') || ']' AS json, coalesce(max(id), $1) AS last_id
    FROM (SELECT id, title, description FROM movies WHERE id > $1 ORDER BY id LIMIT $2) AS movie
  ) AS page`;

/** One movie more is looked for, to know whether there is any. */
const SEARCH = `
  SELECT '[' || coalesce(string_agg(json, ',') FILTER (WHERE place <= $2), '') || ']' AS json,
    coalesce(max(id) FILTER (WHERE place <= $2), $1) AS last_id,
    count(*) > $2 AS more
  FROM (
    SELECT id, row_to_json(movie)::text AS json, row_number() OVER (ORDER BY id) AS place
    FROM (
      SELECT id, title, description FROM movies WHERE id > $1 AND title ILIKE $3 ORDER BY id LIMIT $2::int + 1
    ) AS movie
  ) AS page`;

/**
 * What is asked for in one turn of the event loop is found with one statement: on its own each would take service and database
 * several times as long, and in a busy system some dozen requests arrive at once.
 */
function finder(run: Run): MovieStore['find'] {
  let ids: Id[] = [];
  let found: Promise<Map<Id, MovieJson>> | undefined;
  const findAll = async (): Promise<Map<Id, MovieJson>> => {
    await endOfTurn();
    const values = [ids];
    [ids, found] = [[], undefined];
    const { rows } = await run<{ id: Id; json: MovieJson }>({ name: 'find', text: FIND, values });
    return new Map(rows.map(({ id, json }) => [id, json]));
  };
  return async (id) => {
    ids.push(id);
    found ??= findAll();
    return (await found).get(id);
  };
}

const endOfTurn = promisify(setImmediate);

const FIND = `
  SELECT id, row_to_json(movie)::text AS json
  FROM (SELECT id, title, description FROM movies WHERE id = ANY($1::bigint[])) AS movie`;

async function insert(run: Run, { title, description }: NewMovie): Promise<MovieJson> {
  const { rows } = await run<{ json: MovieJson }>({
    name: 'insert',
    text: `WITH movie AS (INSERT INTO movies (title, description) VALUES ($1, $2) RETURNING id, title, description)
      SELECT row_to_json(movie)::text AS json FROM movie`,
    values: [title, description],
  });
  return one(rows).json;
}

/**
 * One statement, so that key and movie are there together or not at all. A key that is taken is "updated", which changes
 * nothing but waits until its first use is committed and returns that one. What the first answer said need not be stored:
 * with equal fingerprints it is made of the same title and description.
 */
async function insertOnce(run: Run, { title, description }: NewMovie, key: string, fingerprint: Buffer): Promise<Once> {
  const { rows } = await run<{ json: MovieJson; same_values: boolean }>({
    name: 'insert once',
    text: `WITH next AS MATERIALIZED (
        SELECT nextval(pg_get_serial_sequence('movies', 'id')) AS id
      ), claim AS (
        INSERT INTO idempotency_keys (key, fingerprint, movie_id) SELECT $1, $2, id FROM next
        ON CONFLICT (key) DO UPDATE SET key = excluded.key
        RETURNING movie_id, fingerprint
      ), created AS (
        INSERT INTO movies (id, title, description) OVERRIDING SYSTEM VALUE
        SELECT id, $3, $4 FROM next JOIN claim ON movie_id = id
      ), forgotten AS (
        DELETE FROM idempotency_keys WHERE key IN (
          SELECT key FROM idempotency_keys
          WHERE created_at < now() - interval '24 hours' AND key <> $1
          ORDER BY created_at LIMIT 2
          FOR UPDATE SKIP LOCKED
        )
      )
      SELECT row_to_json(movie)::text AS json, fingerprint = $2 AS same_values
      FROM claim, LATERAL (SELECT movie_id AS id, $3::text AS title, $4::text AS description) AS movie`,
    values: [key, fingerprint, title, description],
  });
  const { json, same_values: sameValues } = one(rows);
  return { movie: json, sameValues };
}

async function update(run: Run, id: Id, { title, description }: NewMovie): Promise<MovieJson | undefined> {
  const { rows } = await run<{ json: MovieJson }>({
    name: 'update',
    text: `WITH movie AS (
        UPDATE movies SET title = $2, description = $3 WHERE id = $1 RETURNING id, title, description
      )
      SELECT row_to_json(movie)::text AS json FROM movie`,
    values: [id, title, description],
  });
  return rows[0]?.json;
}

async function deleteOne(run: Run, id: Id): Promise<number> {
  const { rowCount } = await run({ name: 'delete', text: 'DELETE FROM movies WHERE id = $1', values: [id] });
  return rowCount ?? 0;
}

async function deleteAll(run: Run): Promise<number> {
  const { rowCount } = await run({ name: 'delete all', text: 'DELETE FROM movies' });
  return rowCount ?? 0;
}

function toPage({ rows }: QueryResult<PageRow>): Page {
  const { json, last_id: lastId, more } = one(rows);
  return { json, lastId, more };
}

function one<Row>([row]: readonly Row[]): Row {
  if (row === undefined) throw new Error('a statement that always returns a row returned none');
  return row;
}

/** What a client can do about an error of the database; what it can do nothing about stays as it is. */
function translate(error: unknown): unknown {
  if (isTransient(error)) {
    return unavailable('The database does not answer: try again, with the same Idempotency-Key if you sent one', error);
  }
  if (isRefusal(sqlState(error) ?? '')) {
    return new Problem('invalid_field', 'The database does not take these values: correct them', { cause: error });
  }
  return error;
}

/** SQLSTATE of a data exception or a violated check: it is the values that are wrong. */
const isRefusal = (state: string): boolean => state.startsWith('22') || state === '23514';

function unavailable(detail: string, cause?: unknown): Problem {
  return new Problem('database_unavailable', detail, { cause, headers: { 'retry-after': '1' } });
}
