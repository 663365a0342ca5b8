import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attempt, note, openLedger } from '../orders/ledger.ts';
import type { Row } from '../orders/ledger.ts';
import { ordersOf } from '../orders/values.ts';
import type { Sender } from './orders.sender.ts';
import { judgeDrill } from './verdict.ts';
import type { StruckFault, Verdict } from './verdict.ts';

const run = 'drill-rigged';
const { valuesOf } = ordersOf(run);
const idOf = (order: number): string => `019aa000-0000-7000-8000-${String(order + 1).padStart(12, '0')}`;
const rowOf = (order: number): Row => ({ tracking_id: idOf(order), ...valuesOf(order) });

/** A hundred orders, ten a second, all confirmed, and the faults that came between. */
const faults: StruckFault[] = [
  { name: 'rabbitmq-killed', from: 2, to: 2.1, recovered: 3 },
  { name: 'billing-app-killed', from: 8, to: 8.1, recovered: 9 },
];

async function judgeRows(change: (rows: Row[]) => Row[], struck = faults): Promise<Verdict> {
  const ledger = openLedger({ ...ordersOf(run), capacity: 100 });
  const dueMs = new Uint32Array(100);
  for (let order = 0; order < 100; order += 1) {
    dueMs[attempt(ledger)] = order * 100;
    note(ledger, order, 'confirmed', idOf(order));
  }
  const rows = change(Array.from({ length: 100 }, (_, order) => rowOf(order)));
  const read = async function* (): AsyncGenerator<Row> {
    yield* rows;
  };
  return judgeDrill({ ledger, dueMs } as unknown as Sender, read(), struck);
}

test('every order stored once passes', async () => {
  const { pass, reasons } = await judgeRows((rows) => rows);
  assert.deepEqual([pass, reasons], [true, []]);
});

/** What is wrong with the rows, and what the verdict must say of it. */
const histories: readonly [what: string, change: (rows: Row[]) => Row[], says: RegExp][] = [
  [
    'lost when the broker died',
    (rows) => rows.filter((_, order) => order !== 21),
    /1 confirmed orders have no row.*rabbitmq-killed.*not persistent/,
  ],
  [
    'lost when billing-app died',
    (rows) => rows.filter((_, order) => order < 80 || order > 83),
    /4 confirmed.*billing-app-killed.*before they were committed/,
  ],
  ['doubled', (rows) => [...rows, rowOf(81)], /1 orders have more than one row.*unique constraint/],
  [
    'a changed amount',
    (rows) => rows.map((row, order) => (order === 5 ? { ...row, total_amount: '5.51' } : row)),
    /money went through a float/,
  ],
  [
    'a changed number',
    (rows) => rows.map((row, order) => (order === 5 ? { ...row, number_of_items: '7' } : row)),
    /not what was sent/,
  ],
  [
    'a row that nobody sent',
    (rows) => [...rows, { ...rowOf(0), user_id: `${run}-5000`, tracking_id: idOf(5000) }],
    /never sent/,
  ],
];

for (const [what, change, says] of histories) {
  test(`seen, with its cause: ${what}`, async () => {
    const { pass, reasons } = await judgeRows(change);
    assert.equal(pass, false);
    assert.equal(reasons.length, 1, reasons.join('\n'));
    assert.match(reasons[0]!, says);
  });
}

test('a fault that broke nothing, and a system that did not come back, do not pass', async () => {
  const idle = await judgeRows((rows) => rows, [{ ...faults[0]!, problem: 'it did not strike' }]);
  assert.deepEqual([idle.pass, idle.reasons], [false, ['the fault rabbitmq-killed: it did not strike']]);
  const { pass, reasons } = await judgeRows((rows) => rows, [{ ...faults[0]!, recovered: undefined }]);
  assert.deepEqual([pass, reasons], [false, ['after rabbitmq-killed the system did not become whole again in time']]);
  const none = await judgeRows((rows) => rows, [{ ...faults[0]!, leftOut: 'no policies here' }]);
  assert.deepEqual(
    [none.pass, none.reasons],
    [false, ['no fault struck, so that nothing is proved: no policies here']],
  );
});
