import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import type { Block } from './readme.ts';

/** What differs from run to run: ids, times, durations, process ids, passwords. */
const volatile: Array<[RegExp, string]> = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[1-7][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'UUID'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(Z|\+\d\d)?/g, 'TIME'],
  [/\b\d+ (s|min|h) /g, 'DURATION '],
  [/(127\.0\.0\.1:\d+ +)\d+/g, '$1PID'],
  [/(password )\w+/g, '$1PASSWORD'],
];

/** Compares a block with what a command printed. In a text, `…` stands for anything, alone on a line for any lines. */
export function assertOutput(expected: Block, actual: string): void {
  const [shown, printed] = [normalize(expected.text), normalize(actual)];
  if (expected.language === 'json') {
    assert.deepEqual(JSON.parse(printed), JSON.parse(shown));
  } else if (!pattern(shown).test(printed)) {
    assert.equal(printed, shown);
  }
}

/** A UUID v8 is made of a key and stays the same, so it is not volatile. */
function normalize(text: string): string {
  const steady = volatile.reduce(
    (result, [find, put]) => result.replaceAll(find, put),
    stripVTControlCharacters(text).replaceAll('\r', ''),
  );
  return steady
    .split('\n')
    .map((line) => line.trimEnd().replaceAll(/ {2,}/g, '  '))
    .join('\n')
    .trim();
}

function pattern(shown: string): RegExp {
  const source = escapeRegExp(shown)
    .replace(/\n…$/, String.raw`(?:\n[^]*)?`)
    .replaceAll(/^…\n/gm, '(?:.*\n)*')
    .replaceAll('…', '.*');
  return new RegExp(`^${source}$`);
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}
