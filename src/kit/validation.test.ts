import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from '@orchestrator/contracts/json.ts';
import { newMovieSchema } from '@orchestrator/contracts/movie.ts';
import { newOrderSchema, orderValues } from '@orchestrator/contracts/order.ts';
import { pageQuerySchema } from '@orchestrator/contracts/page.ts';
import type { NewOrder } from '@orchestrator/contracts/order.ts';
import { compileBodyCheck, compileQueryCheck, fieldErrors } from './validation.ts';

const checkOrder = compileBodyCheck<NewOrder>(newOrderSchema);
const checkMovie = compileBodyCheck(newMovieSchema);

function wrongOrderFields(values: Record<string, string>): string[] {
  const fields = { user_id: '"20"', number_of_items: '"99"', total_amount: '"250"', ...values };
  const text = `{${Object.entries(fields)
    .map(([name, json]) => `${JSON.stringify(name)}:${json}`)
    .join()}}`;
  return checkOrder(parseJson(text)) ? [] : fieldErrors(checkOrder.errors ?? []).map(({ field }) => field);
}

const accepted: Record<string, string[]> = {
  user_id: ['"20"', '" 7 "', '"-1"', '"1e3"', '"٣"', '"😀"', '20', '0', '9007199254740991', `"${'😀'.repeat(64)}"`],
  number_of_items: ['"1"', '"1000000"', '1', '1000000', '1.0'],
  total_amount: ['"0"', '"0.1"', '"9999999999.99"', '0', '250.10', '9999999999.99', '0.07', '1.1', '4.35'],
};

const rejected: Record<string, string[]> = {
  user_id: [
    '""',
    `"${'x'.repeat(65)}"`,
    '"a\\u0000"',
    '"\\ud800"',
    'true',
    '[1]',
    'null',
    '{}',
    '-1',
    '1.5',
    '9007199254740993',
  ],
  number_of_items: [
    '"0"',
    '0',
    '-1',
    '"-1"',
    '1.5',
    '"1.5"',
    '"2147483648"',
    '1000001',
    '"1e3"',
    '" 1"',
    '"1\\n"',
    '"٣"',
    'true',
    '"0x10"',
  ],
  total_amount: [
    '"NaN"',
    '"Infinity"',
    '1e999',
    '-0',
    '"-0"',
    '-5',
    '"-5"',
    '".5"',
    '"5."',
    '"1,5"',
    '250.005',
    '250.000001',
    '9999999999.98001',
    '1e-7',
    '1e-400',
    '"250.005"',
    '"$5"',
    '"1e3"',
    '10000000000',
    '"10000000000"',
    '1234567890.12000001',
    'null',
    '[]',
    '"250\\n"',
    '0.001',
    '"1_0"',
  ],
};

for (const [field, values] of Object.entries(accepted)) {
  for (const json of values) {
    test(`${field} ${json} is accepted`, () => assert.deepEqual(wrongOrderFields({ [field]: json }), []));
  }
}

for (const [field, values] of Object.entries(rejected)) {
  for (const json of values) {
    test(`${field} ${json} is rejected, and it alone`, () =>
      assert.deepEqual(wrongOrderFields({ [field]: json }), [field]));
  }
}

test('every wrong field has exactly one entry, in words, without the value', () => {
  assert.equal(checkOrder({ user_id: 'secret\u0000', total_amount: 'secret', colour: 'secret' }), false);
  const errors = fieldErrors(checkOrder.errors ?? []);
  assert.deepEqual(errors.map(({ field }) => field).toSorted(), [
    'colour',
    'number_of_items',
    'total_amount',
    'user_id',
  ]);
  assert.ok(!JSON.stringify(errors).includes('secret'));
  for (const { message } of errors) assert.match(message, /^(must be an? |is missing$|is not a known field$)/);
});

test('the text of a checked order keeps every digit', () => {
  const order = { user_id: 20, number_of_items: 99, total_amount: 9_999_999_999.99 };
  assert.deepEqual(orderValues(order), { user_id: '20', number_of_items: '99', total_amount: '9999999999.99' });
});

test('titles and descriptions are well-formed text', () => {
  const movie = (title: unknown, description: unknown = ''): boolean => checkMovie({ title, description });
  for (const title of ['A', 'Amélie', '😀'.repeat(255), '100 % _ \\ wolf', 'line\nfeed\ttab', ' padded '])
    assert.ok(movie(title), title);
  for (const title of ['', '   ', '\u3000', 'x'.repeat(256), 'a\u0000', '\ud800', 'a\u001b[31m', 7, null, ['a']]) {
    assert.equal(movie(title), false, JSON.stringify(title));
  }
  assert.ok(movie('A', '😀'.repeat(4000)));
  assert.equal(movie('A', 'x'.repeat(4001)), false);
});

test('a number in a query is a number within its limits', () => {
  const check = compileQueryCheck(pageQuerySchema);
  const query: Record<string, unknown> = { limit: '100', after: '7' };
  assert.ok(check(query));
  assert.deepEqual(query, { limit: 100, after: 7 });
  for (const limit of [
    '0',
    '101',
    '1.5',
    '',
    'ten',
    'NaN',
    'Infinity',
    '1e400',
    '1e1',
    '0x10',
    ' ',
    ' 7',
    '-7',
    '٣',
    ['1', '2'],
  ]) {
    assert.equal(check({ limit }), false, String(limit));
  }
});
