import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { identify, readOrder } from './orders.ts';
import type { Rejection } from './orders.ts';

const order = (fields: Record<string, unknown> = {}): string =>
  JSON.stringify({ user_id: '20', number_of_items: '99', total_amount: '250', ...fields });

test('the values of an order are its text, digit by digit', () => {
  const cases: Array<[string, string]> = [
    [order({ total_amount: '0.10' }), '0.10'],
    [order({ total_amount: '9999999999.99' }), '9999999999.99'],
    [order({ total_amount: 250.1 }), '250.1'],
    ['{"user_id":20,"number_of_items":99,"total_amount":9999999999.99}', '9999999999.99'],
    [`\uFEFF${order({ total_amount: '0' })}`, '0'],
  ];
  for (const [body, total_amount] of cases) {
    assert.deepEqual(readOrder(Buffer.from(body)), { user_id: '20', number_of_items: '99', total_amount });
  }
});

test('an order in its plainest form is read as the schema reads it', () => {
  const text = (...alphabet: string[]) => fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 14 });
  const digits = fc.stringMatching(/^[0-9.]{0,14}$/);
  const user = fc.oneof(
    text('a', ' ', '!', '"', '#', '[', '\\', ']', '~', '\u007f', '\t', 'é', '😀'),
    fc.constantFrom('x'.repeat(64), 'x'.repeat(65)),
  );
  fc.assert(
    fc.property(user, digits, digits, (user_id, number_of_items, total_amount) => {
      const fields = `"user_id":"${user_id}","number_of_items":"${number_of_items}","total_amount":"${total_amount}"}`;
      // A space is enough to go the long way.
      assert.deepEqual(readOrder(Buffer.from(`{${fields}`)), readOrder(Buffer.from(`{ ${fields}`)));
    }),
    { numRuns: 5000 },
  );
});

const poison: Array<[what: string, body: string | Buffer, kind: Rejection['kind'], reason: RegExp]> = [
  ['nothing', '', 'malformed', /JSON/],
  ['plain text', 'hello', 'malformed', /JSON/],
  ['half an object', '{"user_id":"20"', 'malformed', /JSON/],
  ['a trailing comma', '{"user_id":"20",}', 'malformed', /JSON/],
  ['two objects', order() + order(), 'malformed', /JSON/],
  ['a bare NaN', '{"user_id":"20","number_of_items":"1","total_amount":NaN}', 'malformed', /JSON/],
  ['single quotes', "{'user_id':'20'}", 'malformed', /JSON/],
  ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe, 0x00]), 'malformed', /UTF-8/],
  ['UTF-16', Buffer.from(order(), 'utf16le'), 'malformed', /UTF-8/],
  ['Latin-1', Buffer.from(order({ user_id: 'é' }), 'latin1'), 'malformed', /UTF-8/],
  ['a prototype key', '{"__proto__":{},"user_id":"20"}', 'malformed', /JSON/],
  ['depth', '['.repeat(16_000), 'malformed', /JSON/],
  ['closed depth', '['.repeat(8000) + ']'.repeat(8000), 'malformed', /JSON/],
  ['too many bytes', order({ user_id: 'x'.repeat(16_384) }), 'too_large', /16384/],
  ['null', 'null', 'invalid', /the body/],
  ['an array', `[${order()}]`, 'invalid', /the body/],
  ['a string', '"order"', 'invalid', /the body/],
  ['a number', '1', 'invalid', /the body/],
  ['an empty object', '{}', 'invalid', /user_id is missing; number_of_items is missing; total_amount is missing/],
  ['an unknown field', order({ colour: 'red' }), 'invalid', /colour is not a known field/],
  ['no user', order({ user_id: undefined }), 'invalid', /user_id is missing/],
  ['an empty user', order({ user_id: '' }), 'invalid', /user_id must be/],
  ['a user of 65 characters', order({ user_id: 'x'.repeat(65) }), 'invalid', /user_id must be/],
  ['a user with NUL', order({ user_id: 'a\0' }), 'invalid', /user_id must be/],
  [
    'a user that is half a character',
    '{"user_id":"\\ud800","number_of_items":"1","total_amount":"1"}',
    'invalid',
    /user_id/,
  ],
  ['a user that is true', order({ user_id: true }), 'invalid', /user_id must be/],
  ['a user that is a list', order({ user_id: ['20'] }), 'invalid', /user_id must be/],
  ['no items', order({ number_of_items: '0' }), 'invalid', /number_of_items must be/],
  ['minus one item', order({ number_of_items: -1 }), 'invalid', /number_of_items must be/],
  ['half an item', order({ number_of_items: 1.5 }), 'invalid', /number_of_items must be/],
  ['too many items', order({ number_of_items: '1000001' }), 'invalid', /number_of_items must be/],
  ['items that are null', order({ number_of_items: null }), 'invalid', /number_of_items must be/],
  ['an amount of three places', order({ total_amount: '250.005' }), 'invalid', /total_amount must be/],
  ['a number of three places', order({ total_amount: 250.005 }), 'invalid', /total_amount must be/],
  ['a negative amount', order({ total_amount: '-5' }), 'invalid', /total_amount must be/],
  ['minus zero', '{"user_id":"1","number_of_items":"1","total_amount":-0}', 'invalid', /total_amount must be/],
  ['an amount named NaN', order({ total_amount: 'NaN' }), 'invalid', /total_amount must be/],
  ['an exponent', order({ total_amount: '1e3' }), 'invalid', /total_amount must be/],
  ['infinity', '{"user_id":"1","number_of_items":"1","total_amount":1e999}', 'invalid', /total_amount must be/],
  ['too much', order({ total_amount: '10000000000' }), 'invalid', /total_amount must be/],
  ['more digits than a double holds', order().replace('"250"', '250.10000000000000001'), 'invalid', /total_amount/],
  ['spaces', order({ total_amount: ' 250' }), 'invalid', /total_amount must be/],
];

for (const [what, body, kind, reason] of poison) {
  test(`can never be stored: ${what}`, () => {
    const read = readOrder(Buffer.from(body));
    assert.ok('reason' in read);
    assert.equal(read.kind, kind);
    assert.match(read.reason, reason);
    assert.ok(read.reason.length <= 500);
  });
}

test('a rejection shows the values that can be shown, and no others', () => {
  const read = readOrder(Buffer.from(order({ user_id: 'a\0b', number_of_items: 7.5, total_amount: '250.005' })));
  assert.ok('values' in read);
  assert.deepEqual(read.values, { user_id: null, number_of_items: '7.5', total_amount: '250.005' });
});

test("a reason stays short and printable whatever the sender's field names are", () => {
  const names = [
    '\0',
    '\u001B[2J',
    '😀'.repeat(300),
    ...Array.from({ length: 30 }, (_, index) => 'x'.repeat(60) + index),
  ];
  const read = readOrder(Buffer.from(order(Object.fromEntries(names.map((name) => [name, 1])))));
  assert.ok('reason' in read);
  assert.ok(read.reason.length <= 500);
  assert.ok(read.reason.isWellFormed());
  assert.doesNotMatch(read.reason, /\p{Cc}/u);
});

test('a message id that is a UUID is the identity, any other gives one, and none gives none', () => {
  assert.equal(identify('0190A1B2-0000-7000-8000-000000000001'), '0190a1b2-0000-7000-8000-000000000001');
  assert.match(identify('order 22') ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(identify('order 22'), identify('order 22'));
  assert.notEqual(identify('order 22'), identify('order 23'));
  assert.equal(identify(''), undefined);
  assert.equal(identify(undefined), undefined);
});
