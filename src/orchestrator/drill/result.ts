import type { Target } from '../target/target.ts';
import type { Drill } from './run.ts';
import type { StruckFault, Verdict } from './verdict.ts';

/** What a drill found: the last line of `-o json` is its first four fields, run.json all of it. */
export interface Result {
  verdict: 'pass' | 'fail';
  ledger: Record<
    'attempted' | 'confirmed' | 'unknown' | 'stored' | 'lost' | 'doubled' | 'corrupted' | 'recovered',
    number
  >;
  /** How many truly struck. */
  faults: number;
  seed: number;
  system: string;
  started: string;
  reasons: readonly string[];
  struck: readonly StruckFault[];
  /** The longest time in which no order was confirmed. */
  longestOutageSeconds: number;
  /** The longest time from the end of a fault until the system was whole and confirmed orders again. */
  longestRecoverySeconds: number;
  answers: Readonly<Record<string, number>>;
}

export function resultOf(
  target: Target,
  { sender, faults }: Drill,
  judged: Verdict,
  seed: number,
  started: Date,
): Result {
  const { attempted, confirmed, unknown, stored, lost, doubled, corrupted, recovered } = judged;
  const recoveries = faults.map((fault) => (fault.recovered ?? fault.to) - fault.to);
  const counts = { lost: lost.count, doubled: doubled.count, corrupted: corrupted.count };
  return {
    verdict: judged.pass ? 'pass' : 'fail',
    ledger: { attempted, confirmed, unknown, stored, ...counts, recovered },
    faults: faults.filter(({ problem, leftOut }) => problem === undefined && leftOut === undefined).length,
    seed,
    system: target.name,
    started: started.toISOString(),
    reasons: judged.reasons,
    struck: faults,
    longestOutageSeconds: Math.round(sender.longestGapMs() / 100) / 10,
    longestRecoverySeconds: Math.round(Math.max(0, ...recoveries) * 10) / 10,
    answers: sender.answers,
  };
}
