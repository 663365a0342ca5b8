import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJson } from './json.ts';

test('what a double holds exactly is parsed as JSON.parse does', () => {
  for (const text of [
    '250.10',
    '1e3',
    '9999999999.99',
    '9007199254740991',
    '0',
    '0e5',
    '-5',
    '1e-300',
    '{"a":[1,null,"x",true]}',
  ]) {
    assert.deepEqual(parseJson(text), JSON.parse(text), text);
  }
});

test('a number that would be changed becomes NaN', () => {
  for (const text of [
    '1234567890.12000001',
    '9007199254740993',
    '1e999',
    '-0',
    '1e-400',
    '1.234567890123e-320',
    '0.1000000000000000055',
  ]) {
    assert.ok(Number.isNaN(parseJson(text)), text);
  }
});

test('no accepted number differs from its digits', () => {
  const digits = fc.stringMatching(/^[1-9]\d{0,17}\.\d{1,6}$/);
  fc.assert(
    fc.property(digits, (text) => {
      const value = parseJson(text);
      // Trailing zeros do not change a number, everything else would.
      if (!Number.isNaN(value)) assert.equal(String(value), text.replace(/\.?0+$/, ''));
    }),
    { numRuns: 10_000 },
  );
});

test('keys that reach a prototype are refused, at any depth and however written', () => {
  const bodies = ['{"__proto__":1}', String.raw`{"a":{"__proto_\u005f":{}}}`, '{"constructor":{"prototype":{}}}'];
  for (const text of bodies) assert.throws(() => parseJson(text), SyntaxError, text);
  assert.deepEqual(parseJson('{"constructor":"Ford"}'), { constructor: 'Ford' });
});
