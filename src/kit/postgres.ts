import { Pool, types } from 'pg';
import type { ClientConfig } from 'pg';
import type { Logger } from './log.ts';
import { Gauge, registry } from './metrics.ts';

export interface DatabaseConfig {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
}

/** With the four of the pipeline three replicas at the autoscaler's maximum stay well below PostgreSQL's default of 100 connections. */
const POOL_MAX = 6;

/** Counts waiting for a free connection too. Together with the query it stays under the 5 s that any answer may take. */
const CONNECT_TIMEOUT_MS = 1500;

/** The client's own limit: only this one works when the network swallows the connection. */
export const QUERY_TIMEOUT_MS = 3000;

/** The server's limit, a little lower, so that a slow statement ends with an error instead of a broken connection. */
const STATEMENT_TIMEOUT_MS = 2800;

/** Old connections are renewed, so that a database that moved is noticed. */
const CONNECTION_LIFETIME_S = 1800;

// bigint ids as numbers: they are generated from 1 upwards and do not reach 2^53. numeric stays text.
types.setTypeParser(types.builtins.INT8, Number);

/** A pool whose every wait has an end. A connection lost while idle is logged and replaced, never a crash. */
export function openPool(config: DatabaseConfig, service: string, log: Logger): Pool {
  const pool = new Pool({
    ...connectionOptions(config, service),
    max: POOL_MAX,
    maxLifetimeSeconds: CONNECTION_LIFETIME_S,
  });
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'));
  // A client in use reports the loss of its connection to its query as well; without a listener it would be a crash.
  pool.on('connect', (client) =>
    client.on('error', (error) => log.warn({ err: error }, 'a database connection was lost')),
  );
  observe(pool);
  return pool;
}

/** What every connection is made with. */
export function connectionOptions(config: DatabaseConfig, service: string): ClientConfig {
  return {
    ...config,
    application_name: service,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: 10_000,
    keepAlive: true,
  };
}

function observe(pool: Pool): void {
  const gauge = new Gauge({
    name: 'database_pool_connections',
    help: 'Connections of the pool by state; waiting counts the queries that wait for one',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      gauge.set({ state: 'idle' }, pool.idleCount);
      gauge.set({ state: 'in_use' }, pool.totalCount - pool.idleCount);
      gauge.set({ state: 'waiting' }, pool.waitingCount);
    },
  });
}

/**
 * SQLSTATE classes that say "not now": connection, resources, operator intervention, and statements cut short; with them those
 * behind such a one in a pipeline, which should have prepared what they use (26).
 */
const TRANSIENT_CLASSES = new Set(['08', '53', '57', '58', '40', '55', '25', '26']);

/** SQLSTATE of a database, role or password that is not there (yet): a fresh or rotating server. */
const NOT_READY = new Set(['3D000', '28000', '28P01']);

/** Whether waiting may cure the error: all but what the server says about the statement or the values themselves. */
export function isTransient(error: unknown): boolean {
  const state = sqlState(error);
  return state === undefined || TRANSIENT_CLASSES.has(state.slice(0, 2)) || NOT_READY.has(state);
}

/** The five characters of PostgreSQL's error code, or undefined where the error did not come from the server. */
export function sqlState(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}
