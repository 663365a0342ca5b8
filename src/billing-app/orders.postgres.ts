import type { OrderState, StoredOrder } from '@orchestrator/contracts/order.ts';
import { Problem } from '@orchestrator/contracts/problem.ts';
import { isTransient, sqlState } from '@orchestrator/kit/postgres.ts';
import type { Pool } from 'pg';
import type { Order, OrderReader, OrderWriter, RejectedOrder, Rejection, Verdict } from './orders.ts';

interface OrderStore extends OrderReader, OrderWriter {
  /** Rejects with a Problem when the database does not answer, or has no tables yet. */
  check: () => Promise<unknown>;
}

/** The orders in a PostgreSQL database. Nothing is read before `isMigrated`. */
export function createOrderStore(pool: Pool, isMigrated: () => boolean): OrderStore {
  async function read<T>(query: () => Promise<T>): Promise<T> {
    if (!isMigrated()) throw unavailable('The database is not migrated yet');
    try {
      return await query();
    } catch (error) {
      throw isTransient(error) ? unavailable('The database does not answer: try again', error) : error;
    }
  }
  return {
    store: (orders) => store(pool, orders),
    reject: (orders) => reject(pool, orders),
    find: (trackingId) => read(() => find(pool, trackingId)),
    list: (page) => read(() => list(pool, page)),
    check: () => read(() => pool.query('SELECT 1')),
  };
}

function unavailable(detail: string, cause?: unknown): Problem {
  return new Problem('database_unavailable', detail, { cause, headers: { 'retry-after': '1' } });
}

/** One transaction for all; where the database refuses the values of some, each in its own, so that the others are stored. */
async function store(pool: Pool, orders: readonly Order[]): Promise<Verdict[]> {
  try {
    return await insert(pool, orders);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (orders.length === 1 && orders[0]) return [refusal(orders[0], error)];
    const verdicts: Verdict[] = [];
    for (const order of orders) verdicts.push(...(await store(pool, [order])));
    return verdicts;
  }
}

async function insert(pool: Pool, orders: readonly Order[]): Promise<Verdict[]> {
  const { rows } = await pool.query<{ stored: number; fresh: string[] | null }>({
    name: 'store orders',
    // The ids of a batch that is stored as a whole, as nearly each is, are not sent back one by one.
    text: `WITH fresh AS (
        INSERT INTO orders (tracking_id, user_id, number_of_items, total_amount)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::numeric[])
        ON CONFLICT (tracking_id) DO NOTHING
        RETURNING tracking_id
      )
      SELECT count(*)::int AS stored, CASE WHEN count(*) < cardinality($1) THEN array_agg(tracking_id) END AS fresh
      FROM fresh`,
    values: columns(orders),
  });
  if (rows[0]?.stored === orders.length) return orders.map(() => 'stored');

  const fresh = new Set(rows[0]?.fresh);
  const same = await sameAsStored(pool, orders);
  return orders.map((order, index) => {
    // Of two copies in one batch the first was inserted.
    if (fresh.delete(order.trackingId)) return 'stored';
    return same[index] ? 'duplicate' : conflict(order);
  });
}

/** Tells of each order whether its row has its values, compared as numbers: "250" is "250.00". */
async function sameAsStored(pool: Pool, orders: readonly Order[]): Promise<boolean[]> {
  const { rows } = await pool.query<{ same: boolean }>(
    `SELECT (stored.user_id, stored.number_of_items, stored.total_amount)
        IS NOT DISTINCT FROM (given.user_id, given.number_of_items, given.total_amount) AS same
      FROM unnest($1::uuid[], $2::text[], $3::int[], $4::numeric[])
        WITH ORDINALITY AS given (tracking_id, user_id, number_of_items, total_amount, position)
      JOIN orders AS stored USING (tracking_id)
      ORDER BY position`,
    columns(orders),
  );
  if (rows.length < orders.length) throw new Error('an order was deleted while it was compared');
  return rows.map((row) => row.same);
}

function columns(orders: readonly Order[]): string[] {
  return [
    arrayText(orders.map(({ trackingId }) => trackingId)),
    arrayText(orders.map(({ values }) => values.user_id)),
    arrayText(orders.map(({ values }) => values.number_of_items)),
    arrayText(orders.map(({ values }) => values.total_amount)),
  ];
}

/** An array as PostgreSQL writes it. pg makes the same of an array, in three times the time, which counts here. */
function arrayText(elements: readonly string[]): string {
  return `{"${elements.map((text) => (SPECIAL.test(text) ? text.replaceAll(/["\\]/g, '\\$&') : text)).join('","')}"}`;
}

const SPECIAL = /["\\]/;

function conflict({ values }: Order): Rejection {
  const reason =
    'an order with other values is stored under this tracking id; ' +
    'an Idempotency-Key or message id stands for one order and never changes it';
  return { kind: 'conflict', reason, values };
}

/** SQLSTATE classes about the values of a row. All other errors are about the server or its schema: no order's fault. */
const REFUSALS: Readonly<Record<string, string>> = {
  '22': 'a value has a form that the column cannot hold',
  '23': 'a constraint of the table forbids it',
  '44': 'a check of the table forbids it',
  P0: 'a trigger of the table forbids it',
};

function isRefusal(error: unknown): boolean {
  return (sqlState(error) ?? '').slice(0, 2) in REFUSALS;
}

function refusal({ values }: Order, error: unknown): Rejection {
  const state = sqlState(error) ?? '';
  const reason = `the database refused the order: ${REFUSALS[state.slice(0, 2)]} (SQLSTATE ${state})`;
  return { kind: 'refused', reason, values };
}

async function reject(pool: Pool, orders: readonly RejectedOrder[]): Promise<void> {
  await pool.query(
    `INSERT INTO rejections (tracking_id, user_id, number_of_items, total_amount, reason)
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
      ON CONFLICT (tracking_id) DO NOTHING`,
    [
      orders.map(({ trackingId }) => trackingId),
      orders.map(({ values }) => values.user_id),
      orders.map(({ values }) => values.number_of_items),
      orders.map(({ values }) => values.total_amount),
      orders.map(({ reason }) => reason),
    ],
  );
}

async function find(pool: Pool, trackingId: string): Promise<OrderState | undefined> {
  const { rows } = await pool.query<OrderState & { reason: string | null }>(
    `SELECT tracking_id, 'stored' AS state, user_id, number_of_items::text, total_amount::text, NULL AS reason
      FROM orders WHERE tracking_id = $1
      UNION ALL
      SELECT tracking_id, 'rejected', user_id, number_of_items, total_amount, reason
      FROM rejections WHERE tracking_id = $1
      ORDER BY state DESC LIMIT 1`,
    [trackingId],
  );
  if (!rows[0]) return undefined;
  const { reason, ...state } = rows[0];
  return reason === null ? state : { ...state, reason };
}

async function list(pool: Pool, { after, limit }: { after: number; limit: number }): Promise<StoredOrder[]> {
  const { rows } = await pool.query<StoredOrder>(
    `SELECT id, tracking_id, 'stored' AS state, user_id, number_of_items::text, total_amount::text
      FROM orders WHERE id < $1 ORDER BY id DESC LIMIT $2`,
    [after, limit],
  );
  return rows;
}
