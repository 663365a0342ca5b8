import type { Database, Target } from '../target/target.ts';
import type { Check } from './check.ts';
import { check, expect } from './promise.ts';

const migrations = 'Tables are made by src/inventory-app/migrations and src/billing-app/migrations.';

export const databaseChecks: readonly Check[] = [
  check({
    id: 'database.movies',
    promise: 'The database inventory has the table movies: id generated, title, description',
    cure: migrations,
    look: (target) =>
      expectColumns(target, 'inventory', 'movies', ['id bigint generated', 'title text', 'description text']),
  }),
  check({
    id: 'database.orders',
    promise:
      'The database orders of billing_user has the table orders: id generated, user_id, number_of_items, total_amount',
    cure: migrations,
    look: async (target) => {
      const [owner] = await target.query<{ name: string; owner: string }>(
        'billing',
        'SELECT datname AS name, pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = current_database()',
      );
      const whose = `database ${owner?.name}, owner ${owner?.owner}`;
      expect(owner?.name === 'orders' && owner.owner === 'billing_user', whose);
      const columns = ['id bigint generated', 'user_id text', 'number_of_items integer'];
      return `${whose}; ${await expectColumns(target, 'billing', 'orders', columns)}`;
    },
  }),
  check({
    id: 'database.money',
    promise: 'The column total_amount is numeric, never a float',
    cure: migrations,
    look: (target) => expectColumns(target, 'billing', 'orders', ['total_amount numeric(12,2)']),
  }),
  check({
    id: 'database.unique',
    promise: 'tracking_id is unique in the table orders, by a constraint',
    cure: `${migrations} The constraint is tracking_id uuid NOT NULL UNIQUE.`,
    look: async (target) => {
      const constraints = await target.query<{ name: string; definition: string }>(
        'billing',
        "SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conrelid = 'orders'::regclass AND contype IN ('u', 'p')",
      );
      const evidence = constraints.map(({ name, definition }) => `${name}: ${definition}`).join('; ');
      const isUnique = constraints.some(({ definition }) => definition === 'UNIQUE (tracking_id)');
      expect(isUnique, `unique in orders are only: ${evidence}`);
      return evidence;
    },
  }),
];

async function expectColumns(
  target: Target,
  database: Database,
  table: string,
  expected: readonly string[],
): Promise<string> {
  const rows = await target.query<{ text: string }>(
    database,
    `SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE attidentity WHEN '' THEN '' ELSE ' generated' END AS text
      FROM pg_attribute WHERE attrelid = to_regclass('${table}') AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
  );
  const columns = rows.map(({ text }) => text);
  const missing = expected.filter((column) => !columns.includes(column));
  expect(missing.length === 0, `${table} has ${columns.join(', ') || 'no columns'}; expected ${missing.join(', ')}`);
  return `${table}: ${columns.join(', ')}`;
}
