import { tally } from './report.ts';
import type { Found } from './walk.ts';

/** The report for programs, as one JSON object. */
export function jsonReport({ system, started, ms, looked, notLookedAt }: Found): string {
  const checks = looked.map(({ check: { id, promise }, outcome, ms }) => ({ id, promise, ...outcome, ms }));
  const seconds = Math.round(ms / 100) / 10;
  const report = { system, started: started.toISOString(), seconds, ...tally(looked), checks };
  const interrupted = notLookedAt.length === 0 ? {} : { notLookedAt: notLookedAt.map(({ id }) => id) };
  return `${JSON.stringify({ ...report, ...interrupted }, undefined, 2)}\n`;
}
