import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { isGood, judge } from '@orchestrator/orchestrator/orders/ledger.ts';
import type { Row, Verdict } from '@orchestrator/orchestrator/orders/ledger.ts';
import type { Load } from './load.ts';

/** No answer takes longer than 5 s; the rest is what a busy machine adds on the way. */
const ANSWER_LIMIT_MS = 5000;
const SCHEDULING_SLACK_MS = 3000;

/** Shows the figures of a load, and fails unless all its orders are well and every answer came in time. */
export async function assertGood(t: TestContext, name: string, load: Load, rows: Row[]): Promise<Verdict> {
  const verdict = await judge(load.ledger, rows);
  const { attempted, confirmed, refused, unknown, recovered, stored, ...findings } = verdict;
  const counts = Object.entries(findings).map(([finding, { count }]) => `${finding} ${count}`);
  const { answers, longestMs } = load.figures;
  t.diagnostic(
    `${name}: ${attempted} attempted, ${confirmed} confirmed, ${refused} refused, ${unknown} unknown, ` +
      `${recovered} of them stored; ${stored} rows: ${counts.join(', ')}; longest answer ${Math.round(longestMs)} ms`,
  );
  t.diagnostic(`${name}: answers ${JSON.stringify(answers)}`);
  assert.ok(isGood(verdict), JSON.stringify(findings));
  const bad = Object.keys(answers).filter((what) => /^(4|500|no answer)/.test(what));
  assert.deepEqual(bad, [], 'answers that no good order should get');
  assertInTime(longestMs);
  return verdict;
}

export function assertInTime(tookMs: number): void {
  assert.ok(tookMs <= ANSWER_LIMIT_MS + SCHEDULING_SLACK_MS, `an answer took ${Math.round(tookMs)} ms`);
}
