import { DeadlineError } from '../wait.ts';
import type { Target } from '../target/target.ts';
import { fail, notApplicable } from './check.ts';
import type { Check, Outcome, Walk } from './check.ts';
import { newTag, removeLeftovers, removeTrace } from './trace.ts';

/** A check, and what became of it. */
export interface Looked {
  check: Check;
  outcome: Outcome;
  ms: number;
}

/** What a walk has found. */
export interface Found {
  /** For people: which system it was. */
  system: string;
  started: Date;
  ms: number;
  looked: Looked[];
  /** Those that an interruption left out. */
  notLookedAt: Check[];
}

export interface WalkOptions {
  /** Leave out what stops or restarts parts of the system. */
  gentle: boolean;
  /** Ends the walk after the check in hand has cleaned up. */
  signal: AbortSignal;
  say: (line: string) => void;
  /** Called before each check, and with what became of it. */
  onCheck?: (check: Check) => void;
  onLooked?: (looked: Looked) => void;
}

/** How long a check may take: a few requests, or a database on a busy node that stops, starts and recovers. */
const deadlineMs = { undisturbed: 120_000, disturbing: 600_000 };

/** How long it may clean up after that. */
const cleanUpMs = 300_000;

/** Looks at these promises one after the other, and leaves no trace. An interruption ends it with what was found so far. */
export async function walk(target: Target, checks: readonly Check[], options: WalkOptions): Promise<Found> {
  const { signal, say, onCheck, onLooked } = options;
  const started = new Date();
  const startMs = performance.now();
  const looked: Looked[] = [];
  const shared: Walk = { tag: newTag(), say, placed: new Set<string>(), signal };
  await removeLeftovers(target, shared);
  try {
    for (const check of checks) {
      if (signal.aborted) break;
      const left = leftOut(check, target, options);
      if (left === undefined) onCheck?.(check);
      const checkStartMs = performance.now();
      const outcome = left ?? (await runCheck(check, target, shared));
      if (outcome === undefined) break;
      const one = { check, outcome, ms: Math.round(performance.now() - checkStartMs) };
      looked.push(one);
      onLooked?.(one);
    }
  } finally {
    await removeTrace(target, say, shared.placed).catch((error: unknown) =>
      say(`movies and orders of this walk are left, until the next one removes them: ${messageOf(error)}`),
    );
  }
  const notLookedAt = checks.slice(looked.length);
  return { system: target.name, started, ms: Math.round(performance.now() - startMs), looked, notLookedAt };
}

function leftOut({ where, disturbs }: Check, { kind }: Target, { gentle }: WalkOptions): Outcome | undefined {
  if (where !== undefined && where !== kind) {
    return notApplicable(where === 'cluster' ? 'only a cluster can keep it' : 'only looked at on this machine');
  }
  return gentle && disturbs ? notApplicable('left out with --gentle') : undefined;
}

/** Undefined when the interruption ended it. */
async function runCheck(check: Check, target: Target, walk: Walk): Promise<Outcome | undefined> {
  const limitMs = check.limitMs ?? (check.disturbs ? deadlineMs.disturbing : deadlineMs.undisturbed);
  const deadline = AbortSignal.timeout(limitMs);
  const running = check.run(target, { ...walk, signal: AbortSignal.any([walk.signal, deadline]) });
  let timer: NodeJS.Timeout | undefined;
  const hung = new Promise<never>((_, reject) => {
    const error = new DeadlineError(`it did not end within ${(limitMs + cleanUpMs) / 1000} s`);
    timer = setTimeout(() => reject(error), limitMs + cleanUpMs);
  });
  try {
    return await Promise.race([running, hung]);
  } catch (error) {
    if (walk.signal.aborted) return undefined;
    const message = deadline.aborted ? `not seen within ${limitMs / 1000} s` : messageOf(error);
    return fail(message, 'Look at the log of the part that it is about: ./orchestrator.sh status names what is wrong.');
  } finally {
    clearTimeout(timer);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
