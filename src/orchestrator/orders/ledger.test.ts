import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attempt, isGood, judge, note, openLedger } from './ledger.ts';
import type { Ledger, Row, Verdict } from './ledger.ts';

const valuesOf = (order: number): { user_id: string; number_of_items: string; total_amount: string } => ({
  user_id: `rigged-${order}`,
  number_of_items: String(order + 1),
  total_amount: `${order}.5`,
});

const idOf = (order: number): string => `019aa000-0000-7000-8000-${String(order + 1).padStart(12, '0')}`;

/** As the database shows it: an amount always has two places. */
const rowOf = (order: number): Row => ({ ...valuesOf(order), total_amount: `${order}.50`, tracking_id: idOf(order) });

/** Orders 0 to 5 confirmed, 6 and 7 refused, 8 and 9 unknown. */
function history(): Ledger {
  const numberIn = (userId: string): number | undefined => {
    const digits = /^rigged-([0-9]+)$/.exec(userId)?.[1];
    return digits === undefined ? undefined : Number(digits);
  };
  const ledger = openLedger({ valuesOf, numberIn, capacity: 10 });
  for (let count = 0; count < 10; count += 1) {
    const order = attempt(ledger);
    if (order <= 5) note(ledger, order, 'confirmed', idOf(order));
    else note(ledger, order, order <= 7 ? 'refused' : 'unknown');
  }
  return ledger;
}

const allConfirmed = [0, 1, 2, 3, 4, 5].map(rowOf);
const none = { count: 0, examples: [] };
const good: Verdict = {
  attempted: 10,
  confirmed: 6,
  refused: 2,
  unknown: 2,
  stored: 6,
  recovered: 0,
  lost: none,
  doubled: none,
  corrupted: none,
  invented: none,
};

function one(example: string): { count: number; examples: string[] } {
  return { count: 1, examples: [example] };
}

/** The rows of each rigged history, and all that the verdict must differ in from the good one. */
const histories: Array<[name: string, rows: Row[], expected: Partial<Verdict>]> = [
  ['all is well', allConfirmed, {}],
  ['rows in any order', allConfirmed.toReversed(), {}],
  ['one order of two without an answer is stored', [...allConfirmed, rowOf(9)], { stored: 7, recovered: 1 }],
  ['one is lost', allConfirmed.slice(1), { stored: 5, lost: one('order 0') }],
  ['the last is lost', allConfirmed.slice(0, 5), { stored: 5, lost: one('order 5') }],
  ['one is stored twice', [...allConfirmed, rowOf(3)], { stored: 7, doubled: one('order 3: 2 rows') }],
  [
    'one is stored again under another tracking id',
    [{ ...rowOf(3), tracking_id: idOf(77) }, ...allConfirmed],
    { stored: 7, doubled: one('order 3: 2 rows') },
  ],
  [
    'one without an answer is stored three times',
    [...allConfirmed, rowOf(8), rowOf(8), { ...rowOf(8), tracking_id: idOf(77) }],
    { stored: 9, recovered: 1, doubled: one('order 8: 3 rows') },
  ],
  [
    'a user_id differs',
    allConfirmed.with(2, { ...rowOf(2), user_id: 'rigged-?' }),
    { corrupted: one('order 2: user_id') },
  ],
  [
    "a user_id is another order's",
    allConfirmed.with(2, { ...rowOf(2), user_id: 'rigged-4' }),
    { corrupted: one('order 2: user_id') },
  ],
  [
    'a number of items differs',
    allConfirmed.with(2, { ...rowOf(2), number_of_items: '30' }),
    { corrupted: one('order 2: number_of_items') },
  ],
  [
    'an amount differs by a cent',
    allConfirmed.with(2, { ...rowOf(2), total_amount: '2.51' }),
    { corrupted: one('order 2: total_amount') },
  ],
  [
    'an amount is no number',
    allConfirmed.with(2, { ...rowOf(2), total_amount: 'NaN' }),
    { corrupted: one('order 2: total_amount') },
  ],
  [
    'an amount has a third place',
    allConfirmed.with(2, { ...rowOf(2), total_amount: '2.500' }),
    { corrupted: one('order 2: total_amount') },
  ],
  [
    'a tracking id differs from the answered one',
    allConfirmed.with(2, { ...rowOf(2), tracking_id: idOf(77) }),
    { corrupted: one('order 2: tracking_id') },
  ],
  [
    'two orders have changed their values',
    [...allConfirmed.slice(0, 4), { ...rowOf(4), user_id: 'rigged-5' }, { ...rowOf(5), user_id: 'rigged-4' }],
    { corrupted: { count: 2, examples: ['order 4: user_id', 'order 5: user_id'] } },
  ],
  [
    'an order without an answer is stored with other values',
    [...allConfirmed, { ...rowOf(8), number_of_items: '1' }],
    { stored: 7, recovered: 1, corrupted: one('order 8: number_of_items') },
  ],
  [
    'a row that nobody sent',
    [...allConfirmed, { ...rowOf(3), user_id: '22', tracking_id: idOf(77) }],
    { stored: 7, invented: one(`row ${idOf(77)}`) },
  ],
  ['an order that was not sent yet', [...allConfirmed, rowOf(10)], { stored: 7, invented: one(`row ${idOf(10)}`) }],
  [
    'an order is stored whose sender was told that it was not taken',
    [...allConfirmed, rowOf(6)],
    { stored: 7, invented: one('order 6, refused') },
  ],
];

for (const [name, rows, expected] of histories) {
  test(`the verdict: ${name}`, async () => {
    const verdict = await judge(history(), rows);
    assert.deepEqual(verdict, { ...good, ...expected });
    const bad = ['lost', 'doubled', 'corrupted', 'invented'].some((finding) => finding in expected);
    assert.equal(isGood(verdict), !bad);
  });
}

test('an order that is sent again: confirmed outweighs all, unknown outweighs refused', async () => {
  const ledger = history();
  note(ledger, 6, 'unknown');
  note(ledger, 7, 'confirmed', idOf(7));
  note(ledger, 8, 'refused');
  note(ledger, 8, 'confirmed', idOf(8));
  note(ledger, 9, 'refused');
  const verdict = await judge(ledger, [...allConfirmed, rowOf(6), rowOf(7), rowOf(9)]);
  const expected = { confirmed: 8, refused: 0, stored: 9, recovered: 2, lost: one('order 8') };
  assert.deepEqual(verdict, { ...good, ...expected });
});

test('an order of which no answer was ever noted counts as unknown', async () => {
  const ledger = openLedger({ valuesOf, numberIn: () => 0, capacity: 1 });
  attempt(ledger);
  const { unknown, recovered } = await judge(ledger, [rowOf(0)]);
  assert.deepEqual({ unknown, recovered }, { unknown: 1, recovered: 1 });
  assert.throws(() => attempt(ledger), /full/);
});

test('every finding is counted, the first ten are named', async () => {
  const ledger = openLedger({ valuesOf, numberIn: () => undefined, capacity: 25 });
  for (let order = 0; order < 25; order += 1) note(ledger, attempt(ledger), 'confirmed', idOf(order));
  const { lost } = await judge(ledger, []);
  assert.equal(lost.count, 25);
  assert.equal(lost.examples.length, 10);
});

test('a million orders are judged in flat memory', async () => {
  const capacity = 1_000_000;
  const ledger = openLedger({ valuesOf, numberIn: (userId) => Number(userId.slice('rigged-'.length)), capacity });
  for (let order = 0; order < capacity; order += 1) note(ledger, attempt(ledger), 'confirmed', idOf(order));
  function* table(): Generator<Row> {
    for (let order = 0; order < capacity; order += 1) if (order !== 500_000) yield rowOf(order);
  }
  const before = process.memoryUsage();
  const verdict = await judge(ledger, table());
  const after = process.memoryUsage();
  assert.deepEqual(verdict.lost, one('order 500000'));
  assert.ok(after.external - before.external + (after.arrayBuffers - before.arrayBuffers) < 64 * 2 ** 20);
  assert.ok(
    after.heapUsed - before.heapUsed < 128 * 2 ** 20,
    `the heap grew from ${before.heapUsed} to ${after.heapUsed}`,
  );
});
