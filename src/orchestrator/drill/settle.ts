import { ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import type { Row } from '../orders/ledger.ts';
import type { Target } from '../target/target.ts';
import { done, notYet, until } from '../wait.ts';
import type { Mender } from './mend.ts';

/** A backlog of a million is stored in some minutes. */
const settleTimeoutMs = 900_000;
/** When nothing is in the queue and nothing was stored for so long, nothing more will be. */
const stillMs = 10_000;
const pageRows = 20_000;
const deleteRows = 50_000;

/** How many orders wait in the queue. */
export async function readDepth({ broker }: Target): Promise<number> {
  return broker.withChannel(async (channel) => (await channel.checkQueue(ORDER_QUEUE)).messageCount);
}

async function countRows(target: Target, run: string): Promise<number> {
  const sql = `SELECT count(*)::int AS count FROM orders WHERE user_id LIKE '${run}-%'`;
  return (await target.query<{ count: number }>('billing', sql))[0]?.count ?? 0;
}

/**
 * Waits until all that will be stored is stored. What billing-app holds is seen when it is gone: it is stopped for a moment, and
 * whatever it had not acknowledged is in the queue again.
 * @throws DeadlineError
 */
export async function settle(target: Target, run: string, confirmed: number, mender: Mender, signal: AbortSignal) {
  let last = { rows: -1, atMs: performance.now() };
  await until(
    'the queue is empty and all is stored',
    settleTimeoutMs,
    async () => {
      const [depth, rows] = [await readDepth(target), await countRows(target, run)];
      if (rows !== last.rows || depth > 0) last = { rows, atMs: performance.now() };
      const isStill = performance.now() - last.atMs > stillMs;
      if (depth > 0 || (rows < confirmed && !isStill)) return notYet(`${depth} wait in the queue, ${rows} are stored`);
      let left = 0;
      await mender.during({ kind: 'start', component: 'billing-app' }, async () => {
        await target.stop('billing-app');
        left = await readDepth(target);
      });
      return left === 0 ? done(undefined) : notYet(`billing-app held ${left} orders`);
    },
    { everyMs: 500, signal },
  );
}

/** All rows of a run, in pages: as many as there are, in memory that does not grow with them. */
export async function* readRows(target: Target, run: string): AsyncGenerator<Row> {
  for (let after = '0'; ;) {
    const page = await target.query<Row & { id: string }>(
      'billing',
      `SELECT id::text, tracking_id::text, user_id, number_of_items::text, total_amount::text FROM orders
       WHERE id > ${after} AND user_id LIKE '${run}-%' ORDER BY orders.id LIMIT ${pageRows}`,
    );
    yield* page;
    const next = page.at(-1)?.id;
    if (next === undefined || page.length < pageRows) return;
    after = next;
  }
}

/** Removes the rows whose user_id begins with this. */
export async function removeRows(target: Target, prefix: string): Promise<number> {
  for (let removed = 0; ;) {
    const some = `SELECT id FROM orders WHERE user_id LIKE '${prefix}-%' LIMIT ${deleteRows}`;
    const [{ count } = { count: 0 }] = await target.query<{ count: number }>(
      'billing',
      `SELECT count(*)::int AS count FROM (${some}) AS part`,
    );
    if (count === 0) return removed;
    await target.execute('billing', `DELETE FROM orders WHERE id IN (${some})`);
    removed += count;
  }
}
