import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodes } from '@orchestrator/orchestrator/failure.ts';
import { readConfig } from './support/config.ts';
import { codeSpans, contentOf, deadLinks, readReadme, root } from './support/readme.ts';

const english = readReadme('docs/operations.md');
const french = readReadme('docs/operations.fr.md');

test('both languages show the same commands with the same answers', () => {
  assert.deepEqual(contentOf(french), contentOf(english));
});

for (const name of ['docs/operations.md', 'docs/operations.fr.md']) {
  test(`every link of ${name} leads somewhere`, () => {
    assert.deepEqual(deadLinks(name), []);
  });
}

for (const service of ['api-gateway', 'inventory-app', 'billing-app']) {
  test(`the variables of ${service} are those that it reads, with their defaults`, async () => {
    const table = english.tables.find(({ header }) => header.includes(service));
    assert.ok(table);
    const column = table.header.indexOf(service);
    const cells = new Map(
      table.rows
        .filter((row) => row[column] !== '–')
        .map((row) => [codeSpans(row[0] ?? ''), codeSpans(row[column] ?? '')[0]] as const),
    );
    const required: Record<string, string> = {};
    const defaults: Record<string, string> = {};
    for (const [[name = '', file], fallback] of cells) {
      if (fallback !== undefined) defaults[name] = fallback;
      else if (file === undefined) required[name] = 'x';
      else required[file] = `${root}package.json`;
    }
    const read = await readConfig(service, required);
    assert.deepEqual(read.names.toSorted(), [...cells.keys()].flat().toSorted());
    assert.deepEqual((await readConfig(service, { ...required, ...defaults })).config, read.config);
  });
}

test('the exit codes are those of the programs', () => {
  const told = english.tables.at(-1)?.rows;
  assert.deepEqual(
    told,
    Object.values(exitCodes).map(({ code, means }) => [String(code), means]),
  );
  const codes = (french.tables.at(-1)?.rows ?? []).map(([code]) => code);
  assert.deepEqual(
    codes,
    told?.map(([code]) => code),
  );
});
