import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Pool, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import type { Logger } from './log.ts';
import { connectionOptions } from './postgres.ts';
import type { DatabaseConfig } from './postgres.ts';
import { retry } from './retry.ts';

/** Connections on which quick statements share the way: two, so that one can be renewed or lost. */
const LANES = 2;

/** As those of the pool: a database that moved is noticed. */
const LIFETIME_MS = 1_800_000;

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 2000;

/** What asks a database: a pool, or the pipeline before it. */
export interface Queries {
  query: <Row extends QueryResultRow>(statement: QueryConfig) => Promise<QueryResult<Row>>;
}

interface Pipeline extends Queries {
  close: () => Promise<void>;
}

/**
 * For named statements that take next to no time, such as one row by its key: they are sent without waiting for the answers to
 * those before, and all of one turn of the event loop with one write. A slow statement would hold up those behind it, so it
 * belongs to the pool, which also takes over while there is no such connection.
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
    const client = new Client({ ...connectionOptions(config, service), pipeline: true });
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
    query: (statement) => {
      const client = open[(next += 1) % open.length];
      if (!client) return pool.query(statement);
      writeAtEndOfTurn(client);
      return client.query(statement);
    },
    close: async () => {
      closing.abort();
      await Promise.all(lanes);
    },
  };
}

function writeAtEndOfTurn({ connection: { stream } }: Client): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  setImmediate(() => stream.uncork());
}
