import { Failure } from '../failure.ts';
import type { Target } from '../target/target.ts';
import { fail, pass } from './check.ts';
import type { Check, Outcome, Walk } from './check.ts';

/** A promise that was seen to be broken: the message is what was asked and what came. */
export class Broken extends Error {
  override readonly name = 'Broken';
  readonly cure: string | undefined;

  constructor(evidence: string, cure?: string) {
    super(evidence);
    this.cure = cure;
  }
}

/** @throws Broken unless it holds; `cure` where the check's own would mislead */
export function expect(holds: boolean, evidence: string, cure?: string): asserts holds {
  if (!holds) throw new Broken(evidence, cure);
}

interface Promised extends Omit<Check, 'run'> {
  /** Where to look when it is broken: a file, a setting. */
  cure: string;
  /** Looks, and returns the evidence that it holds, or an outcome; throws Broken. */
  look: (target: Target, walk: Walk) => Promise<string | Outcome>;
}

/** A check whose every failure leads somewhere. */
export function check({ cure, look, ...rest }: Promised): Check {
  return {
    ...rest,
    run: async (target, walk) => {
      try {
        const seen = await look(target, walk);
        return typeof seen === 'string' ? pass(seen) : seen;
      } catch (error) {
        walk.signal.throwIfAborted();
        if (error instanceof Broken || error instanceof Failure) return fail(error.message, error.cure ?? cure);
        return fail(error instanceof Error ? error.message : String(error), cure);
      }
    },
  };
}
