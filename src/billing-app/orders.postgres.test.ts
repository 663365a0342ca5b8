import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createLogger } from '@orchestrator/kit/log.ts';
import { migrate } from '@orchestrator/kit/migrations.ts';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import { Pool } from 'pg';
import { createDatabase, query } from '../../tests/support/database.ts';
import type { Order } from './orders.ts';
import { createOrderStore } from './orders.postgres.ts';

async function openStore(t: TestContext) {
  const database = await createDatabase(t);
  await migrate(database, new URL('migrations/', import.meta.url), createLogger('test', 'error'));
  const pool = new Pool(database);
  // The database is dropped, and its connections ended, before the pool is.
  pool.on('error', () => undefined);
  t.after(() => pool.end());
  return { database, store: createOrderStore(pool, () => true) };
}

function order(total_amount = '250', trackingId: string = randomUUID(), user_id = '20'): Order {
  return { trackingId, values: { user_id, number_of_items: '99', total_amount } };
}

async function count(database: DatabaseConfig): Promise<number> {
  const [row] = await query<{ n: number }>(database, 'SELECT count(*)::int AS n FROM orders');
  return row?.n ?? -1;
}

test('an order is stored once, however often and in whatever batch it comes', async (t) => {
  const { database, store } = await openStore(t);
  const [first, second] = [order(), order()];
  assert.deepEqual(await store.store([first]), ['stored']);
  assert.deepEqual(await store.store([first, second, second, first]), [
    'duplicate',
    'stored',
    'duplicate',
    'duplicate',
  ]);
  assert.equal(await count(database), 2);
});

test('two stores at once with the same orders make one row each', async (t) => {
  const { database, store } = await openStore(t);
  const orders = Array.from({ length: 300 }, () => order());
  const verdicts = await Promise.all([store.store(orders), store.store(orders), store.store(orders)]);
  assert.equal(verdicts.flat().filter((verdict) => verdict === 'stored').length, 300);
  assert.equal(await count(database), 300);
});

test('amounts are compared as numbers; other values under a known id are refused, the first ones stay', async (t) => {
  const { database, store } = await openStore(t);
  const id = randomUUID();
  const verdicts = await store.store([order('250', id), order('250.00', id), order('300', id)]);
  assert.deepEqual(verdicts.slice(0, 2), ['stored', 'duplicate']);
  assert.deepEqual(await store.store([order('250', id)]), ['duplicate']);
  assert.partialDeepStrictEqual(verdicts[2], { kind: 'conflict', values: { total_amount: '300' } });
  assert.partialDeepStrictEqual(await store.store([order('250', id, 'someone else')]), [{ kind: 'conflict' }]);
  assert.equal(await count(database), 1);
  assert.partialDeepStrictEqual(await store.find(id), { state: 'stored', total_amount: '250.00' });
});

test('every cent is kept', async (t) => {
  const { store } = await openStore(t);
  const amounts = { '0.10': '0.10', '0': '0.00', '9999999999.99': '9999999999.99', '250.1': '250.10', '0.07': '0.07' };
  for (const [given, shown] of Object.entries(amounts)) {
    const one = order(given);
    await store.store([one]);
    assert.equal((await store.find(one.trackingId))?.total_amount, shown);
  }
});

test('an order that the database refuses is refused alone', async (t) => {
  const { database, store } = await openStore(t);
  await query(database, `ALTER TABLE orders ADD CHECK (user_id <> 'barred')`);
  const orders = Array.from({ length: 500 }, (_, index) => order('1', randomUUID(), index === 250 ? 'barred' : '20'));
  const verdicts = await store.store(orders);
  assert.equal(verdicts.filter((verdict) => verdict === 'stored').length, 499);
  assert.partialDeepStrictEqual(verdicts[250], { kind: 'refused' });
  assert.match(JSON.stringify(verdicts[250]), /constraint.*23514/);
  assert.equal(await count(database), 499);
});

test("what is no order's fault refuses none", async (t) => {
  const { database, store } = await openStore(t);
  await query(database, 'ALTER TABLE orders RENAME TO orders_away');
  await assert.rejects(store.store([order(), order()]), { code: '42P01' });
});

test('the table itself refuses what must never be in it', async (t) => {
  const { database } = await openStore(t);
  const insert = 'INSERT INTO orders (user_id, number_of_items, total_amount, tracking_id) VALUES ($1, $2, $3, $4)';
  const rows = [
    ['', 1, '1'],
    ['x'.repeat(65), 1, '1'],
    ['1', 0, '1'],
    ['1', 1_000_001, '1'],
    ['1', 1, '-0.01'],
    ['1', 1, 'NaN'],
    ['1', 1, 'Infinity'],
    ['1', 1, '10000000000'],
  ];
  for (const row of rows) await assert.rejects(query(database, insert, [...row, randomUUID()]), /violates|overflow/);
});

test('a rejection is found with its first reason, until the order is stored after all', async (t) => {
  const { store } = await openStore(t);
  const trackingId = randomUUID();
  const values = { user_id: '20', number_of_items: null, total_amount: '250.005' };
  await store.reject([{ trackingId, kind: 'invalid', reason: 'total_amount must be …', values }]);
  await store.reject([{ trackingId, kind: 'invalid', reason: 'another', values }]);
  assert.deepEqual(await store.find(trackingId), {
    tracking_id: trackingId,
    state: 'rejected',
    ...values,
    reason: 'total_amount must be …',
  });
  await store.store([order('250', trackingId)]);
  const stored = await store.find(trackingId);
  assert.equal(stored?.state, 'stored');
  assert.ok(!('reason' in stored));
});

test('TABLE orders fits a terminal of 120 columns', async (t) => {
  const { database, store } = await openStore(t);
  await store.store([order('9999999999.99')]);
  const columns = await query<{ column_name: string }>(
    database,
    `SELECT column_name FROM information_schema.columns WHERE table_name = 'orders' ORDER BY ordinal_position`,
  );
  const names = columns.map(({ column_name }) => column_name);
  assert.deepEqual(names, ['id', 'user_id', 'number_of_items', 'total_amount', 'stored_at', 'tracking_id']);
  const [row] = await query<Record<string, string>>(
    database,
    `SELECT ${names.map((name) => `${name}::text`).join(', ')} FROM orders`,
  );
  const widths = names.map((name) => Math.max(name.length, row?.[name]?.length ?? 0) + 3);
  assert.ok(widths.reduce((sum, width) => sum + width, 0) <= 120, String(widths));
});
