import type { Target } from '../target/target.ts';

/** What became of a promise: every outcome says what it rests on. */
export type Outcome =
  | { result: 'pass'; evidence: string }
  /** `evidence` is what was asked and what came, `cure` what to do now. */
  | { result: 'fail'; evidence: string; cure: string }
  /** It cannot be kept or broken here, for this reason. */
  | { result: 'not applicable'; reason: string };

export const pass = (evidence: string): Outcome => ({ result: 'pass', evidence });
export const fail = (evidence: string, cure: string): Outcome => ({ result: 'fail', evidence, cure });
export const notApplicable = (reason: string): Outcome => ({ result: 'not applicable', reason });

/** What the checks of one walk share. */
export interface Walk {
  /** Stands at the beginning of every title and user_id that a check makes, so that they are recognised and removed. */
  tag: string;
  signal: AbortSignal;
  /** Tells progress on a check that takes long. */
  say: (line: string) => void;
  /** The tracking ids of all orders that checks have placed: the walk waits for them before it removes them. */
  placed: Set<string>;
}

/** One promise, and how it is looked at. */
export interface Check {
  /** Does not change: reports, documents and `--only` name it. Words joined by dots: "orders.stopped-billing". */
  id: string;
  /** The promise, in a sentence. */
  promise: string;
  /** Where it can be looked at; both when absent. */
  where?: Target['kind'];
  /** Stops or restarts parts of the system for a while: left out on request. */
  disturbs?: true;
  /** How long it may take, in milliseconds, where that is longer than others. */
  limitMs?: number;
  /**
   * Looks. What it breaks it mends, also when it fails or the signal fires. Movies and orders that carry the tag, their dead
   * letters among them, are removed after the walk; what else it makes it removes itself.
   * An error that it throws is a failure of the check whose evidence is the error.
   */
  run: (target: Target, walk: Walk) => Promise<Outcome>;
}
