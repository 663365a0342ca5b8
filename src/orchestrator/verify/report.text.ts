import { duration } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import type { Check } from './check.ts';
import { groupOf, summary, titleOf } from './report.ts';
import type { Found, Looked } from './walk.ts';

/** Evidence is whole in the other forms of the report. */
const evidenceChars = 1_000;

export interface TextReport {
  /** The lines of one promise, with those of its group's title before the first of it. */
  lines: (looked: Looked) => string[];
}

/**
 * A report that is printed as the walk goes on, a line for each promise.
 * @param options.verbose shows the evidence of what passed as well
 */
export function createTextReport(
  checks: readonly Check[],
  screen: Terminal,
  { verbose }: { verbose: boolean },
): TextReport {
  const width = Math.max(...checks.map(({ id }) => id.length));
  let group: string | undefined;
  return {
    lines: ({ check, outcome }) => {
      const lines: string[] = [];
      if (groupOf(check.id) !== group) {
        if (group !== undefined) lines.push('');
        group = groupOf(check.id);
        lines.push(screen.paint('bold', titleOf(check.id)));
      }
      const line = (mark: string): string => `${mark}  ${check.id.padEnd(width)}  ${check.promise}`;
      if (outcome.result === 'pass') {
        lines.push(line(screen.paint('green', 'pass')));
        if (verbose) lines.push(...indented(outcome.evidence));
      } else if (outcome.result === 'fail') {
        lines.push(line(screen.paint('red', 'FAIL')));
        lines.push(...indented(outcome.evidence), ...indented(`→ ${outcome.cure}`));
      } else {
        lines.push(line(screen.paint('dim', 'n/a ')), ...indented(outcome.reason));
      }
      return lines;
    },
  };
}

/** How it went as a whole, then what failed once more by its id. */
export function endLines(found: Found, screen: Terminal): string[] {
  const failed = found.looked.filter(({ outcome }) => outcome.result === 'fail').map(({ check }) => check.id);
  const lines = ['', `${summary(found)} (${duration(found.ms)})`];
  if (failed.length > 0) lines.push(screen.paint('red', `failed: ${failed.join(' ')}`));
  if (found.notLookedAt.length > 0) lines.push(`not looked at: ${found.notLookedAt.map(({ id }) => id).join(' ')}`);
  return lines;
}

/** What other programs say may have control characters, which a terminal would obey. */
const indented = (text: string): string[] =>
  text
    .slice(0, evidenceChars)
    .split('\n')
    .map((line) => `      ${line.replaceAll(/\p{Cc}/gu, '?')}`);
