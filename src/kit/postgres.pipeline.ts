import { setTimeout as delay } from 'node:timers/promises';
import { Client, Query } from 'pg';
import type { Pool, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import type { Logger } from './log.ts';
import { QUERY_TIMEOUT_MS, connectionOptions } from './postgres.ts';
import type { DatabaseConfig } from './postgres.ts';
import { retry } from './retry.ts';
import { createTimeLimit } from './time-limit.ts';

/** Connections on which quick statements share the way. More would not help: PostgreSQL has a process for each of them. */
const LANES = 4;

/** As those of the pool: a database that moved is noticed. */
const LIFETIME_MS = 1_800_000;

/** Planning such a statement anew for each of its values would take PostgreSQL as long as running it. */
const PLAN_ONCE = '-c plan_cache_mode=force_generic_plan';

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 2000;

/** What asks a database: a pool, or the pipeline before it. */
export interface Queries {
  query: <Row extends QueryResultRow>(statement: QueryConfig) => Promise<QueryResult<Row>>;
}

export interface Pipeline extends Queries {
  close: () => Promise<void>;
}

/**
 * For named statements that take next to no time, such as rows by their keys: they are sent without waiting for the answers to
 * those before, on one connection after the other, so that several processes of PostgreSQL work on them. A slow statement would
 * hold up those behind it, so it belongs to the pool, which also takes over while there is no such connection.
 */
export function openPipeline(pool: Pool, config: DatabaseConfig, service: string, log: Logger): Pipeline {
  const closing = new AbortController();
  const { signal } = closing;
  const open: Client[] = [];
  let next = 0;

  /** Keeps one connection, for ever: the pool reports what is wrong with the database, so this needs not. */
  async function keepLane(): Promise<void> {
    while (!signal.aborted) {
      const client = await retry(connect, {
        firstDelayMs: FIRST_DELAY_MS,
        maxDelayMs: MAX_DELAY_MS,
        signal,
        onFailure: (error) => log.debug({ err: error }, 'no connection for quick statements'),
      });
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      client.once('end', resolve);
      open.push(client);
      await Promise.race([ended, delay(LIFETIME_MS, undefined, { signal, ref: false }).catch(() => undefined)]);
      open.splice(open.indexOf(client), 1);
      // It answers what it has been asked.
      await client.end().catch(() => undefined);
    }
  }

  async function connect(): Promise<Client> {
    const client = new Client({
      ...connectionOptions(config, service),
      pipeline: true,
      options: PLAN_ONCE,
      // In place of pg's timer for each statement.
      query_timeout: 0,
    });
    client.on('error', (error) => log.warn({ err: error }, 'a database connection was lost'));
    await client.connect();
    return client;
  }

  const lanes = Array.from({ length: LANES }, () =>
    keepLane().catch((error: unknown) => {
      if (!signal.aborted) throw error;
    }),
  );

  return {
    query: async (statement) => {
      next += 1;
      const client = open[next % open.length];
      return client ? send(client, statement) : pool.query(statement);
    },
    close: async () => {
      closing.abort();
      await Promise.all(lanes);
    },
  };
}

const limit = createTimeLimit(QUERY_TIMEOUT_MS);

/** As `client.query` does, which copies a statement's description property by property: that costs as much as sending it. */
async function send<Row extends QueryResultRow>(
  client: Client,
  { name, text, values }: QueryConfig,
): Promise<QueryResult<Row>> {
  const { promise, resolve, reject } = Promise.withResolvers<QueryResult<Row>>();
  // Nothing that was sent can be taken back: the others on this connection fail with it.
  const wait = limit.start(() => client.connection.stream.destroy());
  const query = new Query<Row>(text, values, (error, result) => {
    limit.stop(wait);
    if (error) reject(error);
    else resolve(result);
  });
  client.query(Object.assign(query, { name }));
  return promise;
}
