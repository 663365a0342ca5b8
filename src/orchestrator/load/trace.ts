import { randomBytes } from 'node:crypto';
import { ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import type { Target } from '../target/target.ts';
import { DeadlineError, done, notYet, until } from '../wait.ts';

/** Stands at the beginning of every title and user_id of a run. */
export const newTag = (): string => `load-${randomBytes(4).toString('hex')}`;

/** What every tag looks like: nobody else's title or user begins so. */
const anyTag = '^load-[0-9a-f]{8}-';

const isOf = (column: string, tag: string | undefined): string =>
  `${column} ~ '${tag === undefined ? anyTag : `^${tag}-`}'`;

export interface Rows {
  orders: number;
  movies: number;
}

/** The rows of a run; of all runs without a tag. */
export async function countRows(target: Target, tag?: string): Promise<Rows> {
  const count = async (database: 'billing' | 'inventory', table: string, column: string): Promise<number> => {
    const sql = `SELECT count(*)::int AS count FROM ${table} WHERE ${isOf(column, tag)}`;
    return (await target.query<{ count: number }>(database, sql))[0]?.count ?? 0;
  };
  const [orders, movies] = await Promise.all([
    count('billing', 'orders', 'user_id'),
    count('inventory', 'movies', 'title'),
  ]);
  return { orders, movies };
}

export async function removeRows(target: Target, tag?: string): Promise<Rows> {
  const rows = await countRows(target, tag);
  await target.execute('billing', `DELETE FROM orders WHERE ${isOf('user_id', tag)}`);
  await target.execute('inventory', `DELETE FROM movies WHERE ${isOf('title', tag)}`);
  return rows;
}

/** A load far beyond what billing-app stores in a second leaves a long queue. */
const storedWithinMs = 180_000;

/** What a consumer has in its hand is not in the queue any more, and in the table a moment later. */
const quietMs = 3_000;

const tellEveryMs = 5_000;

/** What became of the orders that were answered with 200. */
export interface Stored {
  confirmed: number;
  stored: number;
  /** Confirmed, not in the table, and not in the queue; undefined where that could not be told. */
  lost: number | undefined;
}

export interface Settling {
  confirmed: number;
  /** Orders whose answer was no 200, and that may be stored all the same. */
  doubtful: number;
  say: (line: string) => void;
  signal: AbortSignal;
}

/** Waits until the orders of a run are stored, for one that is stored after the removal would stay. Gives up at a signal, too. */
export async function settle(
  target: Target,
  tag: string,
  { confirmed, doubtful, say, signal }: Settling,
): Promise<Stored> {
  let stored = 0;
  let quietSince = Infinity;
  let toldMs = performance.now();
  const look = async () => {
    stored = (await countRows(target, tag)).orders;
    if (stored >= confirmed + doubtful) return done(undefined);
    const waiting = await target.broker.withChannel(
      async (channel) => (await channel.checkQueue(ORDER_QUEUE)).messageCount,
    );
    quietSince = waiting === 0 ? Math.min(quietSince, performance.now()) : Infinity;
    if (performance.now() - quietSince > quietMs) return done(undefined);
    const state = `${stored} of ${confirmed} orders are stored, ${waiting} wait in the queue`;
    if (performance.now() - toldMs > tellEveryMs) {
      toldMs = performance.now();
      say(state);
    }
    return notYet(state);
  };
  try {
    await until('the orders of the load are stored', storedWithinMs, look, { everyMs: 500, signal });
    return { confirmed, stored, lost: Math.max(0, confirmed - stored) };
  } catch (error) {
    if (!(error instanceof DeadlineError || signal.aborted)) throw error;
    return { confirmed, stored, lost: undefined };
  }
}
