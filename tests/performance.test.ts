import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { comparisons } from '../bench/catalogue.ts';
import { codeSpans, readReadme, root } from './support/readme.ts';

interface Result {
  id: string;
  against: string;
  ratio: number | null;
  floor: number;
}

const results = JSON.parse(readFileSync(`${root}bench/results.json`, 'utf8')) as Result[];

/** What a table shows in its columns for ratio and floor. */
const shown = ({ id, ratio, floor }: Result): string[] => [
  `\`${id}\``,
  ratio === null ? '-' : String(ratio),
  String(Number(floor.toPrecision(3))),
];

test('the results on record are of every comparison', () => {
  for (const { id } of comparisons) {
    const begins = (result: Result): boolean => result.id.startsWith(id) || kinds[id]?.test(result.id) === true;
    assert.ok(results.some(begins), id);
  }
});

/** Comparisons whose findings have names of their own. */
const kinds: Readonly<Record<string, RegExp>> = { start: /^(start-cpu|idle-memory)-/ };

for (const name of ['docs/performance.md', 'docs/performance.fr.md']) {
  test(`${name} shows the results on record, and says how each was measured`, () => {
    const [figures, methods] = readReadme(name).tables;
    const rows = figures?.rows.map(([id = '', , ratio = '', floor = '']) => [id, ratio, floor]);
    assert.deepEqual(rows, results.map(shown));

    const measured = (methods?.rows ?? []).flatMap(([ids = '']) => codeSpans(ids));
    const isMeasured = (id: string): boolean =>
      measured.some((known) => (known.endsWith('…') ? id.startsWith(known.slice(0, -1)) : id === known));
    for (const { id } of results) assert.ok(isMeasured(id), `${id} is not explained`);
  });
}
