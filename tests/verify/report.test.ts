import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '@orchestrator/orchestrator/failure.ts';
import type { Terminal } from '@orchestrator/orchestrator/terminal.ts';
import { fail, notApplicable, pass } from '@orchestrator/orchestrator/verify/check.ts';
import type { Check, Outcome } from '@orchestrator/orchestrator/verify/check.ts';
import { allChecks } from '@orchestrator/orchestrator/verify/checks.ts';
import { chooseChecks } from '@orchestrator/orchestrator/verify/choose.ts';
import { htmlReport } from '@orchestrator/orchestrator/verify/report.html.ts';
import { jsonReport } from '@orchestrator/orchestrator/verify/report.json.ts';
import { junitReport } from '@orchestrator/orchestrator/verify/report.junit.ts';
import { createTextReport, endLines } from '@orchestrator/orchestrator/verify/report.text.ts';
import type { Found } from '@orchestrator/orchestrator/verify/walk.ts';
import { readJunit } from '../support/junit.ts';

/** What a report must not choke on, wherever it comes from. */
const evil = `<a href="x">&'\u001B[31m\uD800\u0000\n]]> --`;
const checkOf = (id: string): Check => ({ id, promise: 'It holds <b>&"', run: async () => pass('') });
const outcomes: [string, Outcome][] = [
  ['movies.one', pass(`seen ${evil}`)],
  ['movies.two', fail(`broken ${evil}`, `look there ${evil}`)],
  ['orders.one', notApplicable(`not here ${evil}`)],
];
const found: Found = {
  system: `local ${evil}`,
  started: new Date(0),
  ms: 1234,
  looked: outcomes.map(([id, outcome], index) => ({ check: checkOf(id), outcome, ms: index })),
  notLookedAt: [checkOf('orders.two')],
};
const plain: Terminal = { live: false, columns: () => 80, paint: (_style, text) => text, write: () => undefined };

test('the text has a line for each promise, with evidence and cure of what failed, under the titles of groups', () => {
  const lines = (verbose: boolean): string[] => {
    const report = createTextReport(allChecks, plain, { verbose });
    return [...found.looked.flatMap(report.lines), ...endLines(found, plain)];
  };
  const text = lines(false);
  assert.deepEqual(
    text.flatMap((line) => /^(?:pass|FAIL|n\/a ) {2}\S+/.exec(line) ?? []),
    ['pass  movies.one', 'FAIL  movies.two', 'n/a   orders.one'],
  );
  assert.deepEqual([text.indexOf('movies'), text.includes('orders')], [0, true]);
  assert.ok(
    text.some((line) => line.startsWith('      broken ')) && text.some((line) => line.startsWith('      → look')),
  );
  assert.ok(!text.some((line) => line.includes('seen')) && lines(true).some((line) => line.includes('seen')));
  assert.equal(text.at(-3), '1 passed, 1 failed, 1 not applicable, 1 not looked at (1 s)');
  assert.deepEqual(text.slice(-2), ['failed: movies.two', 'not looked at: orders.two']);
  assert.ok(!lines(true).join('').includes('\u001B'), 'what others say does not reach the terminal as it is');
});

test('the JSON has the members that programs read', () => {
  const { checks, ...rest } = JSON.parse(jsonReport(found)) as { checks: object[] };
  assert.deepEqual(rest, {
    system: found.system,
    started: '1970-01-01T00:00:00.000Z',
    seconds: 1.2,
    passed: 1,
    failed: 1,
    notApplicable: 1,
    notLookedAt: ['orders.two'],
  });
  assert.deepEqual(
    checks.map((check) => Object.keys(check)),
    [
      ['id', 'promise', 'result', 'evidence', 'ms'],
      ['id', 'promise', 'result', 'evidence', 'cure', 'ms'],
      ['id', 'promise', 'result', 'reason', 'ms'],
    ],
  );
});

test('the JUnit report keeps to the schema that CI systems use', () => {
  const { attributes, children } = readJunit(junitReport(found));
  assert.deepEqual(attributes, { name: 'verify', tests: '4', failures: '1', errors: '0', time: '1.234' });
  assert.deepEqual(
    children.map(({ attributes }) => attributes['name']),
    ['movies', 'orders'],
  );
  const cases = children.flatMap((suite) => suite.children);
  assert.deepEqual(
    cases.map((one) => one.children.map(({ name }) => name).join()),
    ['system-out', 'failure', 'skipped', 'skipped'],
  );
  assert.match(cases[1]?.children[0]?.text ?? '', /^broken <a href="x">.*\n[^]*look there/);
  assert.match(cases[3]?.children[0]?.attributes['message'] ?? '', /interrupted/);
});

test('a report that breaks the schema of JUnit is found', () => {
  const good = junitReport(found);
  for (const [from, to] of [
    ['</testsuite>', ''],
    ['tests="4"', 'tests="3"'],
    ['&lt;', '<'],
    [' name="movies"', ''],
    ['<skipped ', '<ignored '],
    ['classname=', 'class-name='],
  ] as const) {
    assert.ok(good.includes(from), from);
    assert.throws(() => readJunit(good.replace(from, to)), { name: 'AssertionError' }, from);
  }
});

test('the page stands alone, shows all, and nothing breaks out of it', () => {
  const html = htmlReport(found);
  assert.doesNotMatch(html, /<script|<a href|(?:src|href)="(?!data:,")|url\(|@import/);
  for (const { id } of [...found.looked.map(({ check }) => check), ...found.notLookedAt])
    assert.ok(html.includes(id), id);
  assert.match(html, /1 passed, 1 failed/);
  assert.match(html, /<pre>broken &lt;a/);
});

test('ids and groups choose what is looked at; an unknown one names the nearest', () => {
  const ids = (only: string[], skip: string[] = []): string[] =>
    chooseChecks(allChecks, only, skip).map(({ id }) => id);
  assert.deepEqual(ids([]).length, allChecks.length);
  assert.deepEqual(ids(['movies.one,orders.money']), ['movies.one', 'orders.money']);
  assert.deepEqual(ids(['orders.money', 'movies.one']), ['movies.one', 'orders.money']);
  assert.ok(ids(['pages']).length > 1 && ids(['pages']).every((id) => id.startsWith('pages.')));
  assert.ok(!ids([], ['pages']).some((id) => id.startsWith('pages.')));
  const namesNearest = (error: unknown): boolean =>
    error instanceof UsageError && /Did you mean orders\.money\?/.test(error.message);
  assert.throws(() => ids(['orders.mony']), namesNearest);
  assert.throws(() => ids([], ['orders.mony']), namesNearest);
  assert.throws(() => ids(['pages'], ['pages']), UsageError);
});

test('ids are words joined by dots, and no two are the same', () => {
  const ids = allChecks.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[a-z]+(?:[.-][a-z]+)+$/);
});
