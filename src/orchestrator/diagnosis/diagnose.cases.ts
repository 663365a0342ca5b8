import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from './diagnose.ts';
import { now, snapshot } from './diagnose.fixtures.ts';
import { isHopeless } from './diagnosis.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { Snapshot } from './snapshot.ts';

/** What is found: `level subject: message`, one line for each cause. */
export const found = (change: Partial<Snapshot>): string[] =>
  diagnose(snapshot(change), now).map(({ level, subject, message }) => `${level} ${subject}: ${message}`);

/** The only diagnosis of this change. */
export function theCause(change: Partial<Snapshot>): Diagnosis {
  const [cause, ...others] = diagnose(snapshot(change), now);
  if (cause === undefined || others.length > 0) throw new Error(`not one cause: ${JSON.stringify([cause, ...others])}`);
  return cause;
}

/** Something in trouble, the one thing that must be said of it, and whether waiting is in vain. */
export type CauseCase = [title: string, change: Partial<Snapshot>, line: string, hopeless: boolean];

export function testCauses(cases: readonly CauseCase[]): void {
  for (const [title, change, line, hopeless] of cases) {
    test(title, () => {
      const cause = theCause(change);
      assert.equal(`${cause.level} ${cause.subject}: ${cause.message}`, line);
      assert.equal(isHopeless(cause), hopeless);
      assert.notEqual(cause.cure, '');
    });
  }
}
