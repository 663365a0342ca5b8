import { setTimeout as sleep } from 'node:timers/promises';

/** What a probe saw: done with a value, or not yet, with a word on the state that goes into the timeout's message. */
export type Seen<T> = { done: true; value: T } | { done: false; state: string };

export const done = <T>(value: T): Seen<T> => ({ done: true, value });
export const notYet = (state: string): Seen<never> => ({ done: false, state });

/** A wait that reached its deadline; the message ends with the last state seen. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/**
 * Probes again and again until the thing is done. An error that the probe throws ends the wait: only "not yet" is waited for.
 * @param what what is waited for, for the message
 * @param deadlineMs how long, in milliseconds from now
 * @param probe looks once; is handed a signal that fires at the deadline
 * @param everyMs pause between two looks; 50 ms is short beside anything that is waited for here
 * @throws DeadlineError at the deadline
 */
export async function until<T>(
  what: string,
  deadlineMs: number,
  probe: (signal: AbortSignal) => Promise<Seen<T>> | Seen<T>,
  everyMs = 50,
): Promise<T> {
  const start = performance.now();
  const signal = AbortSignal.timeout(deadlineMs);
  for (let last = 'not looked yet'; ;) {
    const seen = await probe(signal);
    if (seen.done) return seen.value;
    last = seen.state;
    const left = deadlineMs - (performance.now() - start);
    if (left <= 0) throw new DeadlineError(`${what}: not within ${deadlineMs / 1000} s; last state: ${last}`);
    await sleep(Math.min(everyMs, left));
  }
}
