import { escape } from '../report/markup.ts';
import { groupOf, tally } from './report.ts';
import type { Found, Looked } from './walk.ts';

/** The report as CI systems read it: a suite for each group of promises, a case for each promise. */
export function junitReport({ system, started, ms, looked, notLookedAt }: Found): string {
  const left = notLookedAt.map((check): Looked => {
    return { check, outcome: { result: 'not applicable', reason: 'interrupted before it was looked at' }, ms: 0 };
  });
  const all = [...looked, ...left];
  const suites = Object.entries(Object.groupBy(all, ({ check }) => groupOf(check.id)));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="verify" ${counts(all)} time="${seconds(ms)}">`,
    ...suites.flatMap(([name, group = []]) => suite(name, group, system, started)),
    '</testsuites>',
    '',
  ].join('\n');
}

function suite(name: string, group: readonly Looked[], system: string, started: Date): string[] {
  const ms = group.reduce((sum, one) => sum + one.ms, 0);
  // ISO 8601 without a zone, as the schema of JUnit has it.
  const timestamp = started.toISOString().slice(0, 19);
  return [
    `  <testsuite name="${name}" ${counts(group)} skipped="${tally(group).notApplicable}" time="${seconds(ms)}" timestamp="${timestamp}" hostname="${attribute(system)}">`,
    ...group.flatMap(testcase),
    '  </testsuite>',
  ];
}

function testcase({ check, outcome, ms }: Looked): string[] {
  const open = `    <testcase classname="verify.${groupOf(check.id)}" name="${attribute(`${check.id}: ${check.promise}`)}" time="${seconds(ms)}"`;
  if (outcome.result === 'pass') {
    return [`${open}>`, `      <system-out>${text(outcome.evidence)}</system-out>`, '    </testcase>'];
  }
  const inside =
    outcome.result === 'fail'
      ? `<failure type="promise-broken" message="${attribute(outcome.evidence)}">${text(`${outcome.evidence}\n${outcome.cure}`)}</failure>`
      : `<skipped message="${attribute(outcome.reason)}"/>`;
  return [`${open}>`, `      ${inside}`, '    </testcase>'];
}

function counts(looked: readonly Looked[]): string {
  return `tests="${looked.length}" failures="${tally(looked).failed}" errors="0"`;
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

/** Half a surrogate pair is no character of XML. */
const text = (value: string): string => escape(value.toWellFormed());

const attribute = (value: string): string => text(value).replaceAll('\n', '&#10;');
