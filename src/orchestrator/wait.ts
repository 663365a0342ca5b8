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
 * @param probe looks once
 * @param options.everyMs pause between two looks; 50 ms when absent, short beside anything that is waited for here
 * @param options.signal ends the wait with its reason
 * @throws DeadlineError at the deadline
 */
export async function until<T>(
  what: string,
  deadlineMs: number,
  probe: () => Promise<Seen<T>> | Seen<T>,
  options: { everyMs?: number; signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const start = performance.now();
  const { everyMs = 50, signal } = options;
  for (let last = 'not looked yet'; ;) {
    signal?.throwIfAborted();
    const seen = await probe();
    if (seen.done) return seen.value;
    last = seen.state;
    const left = deadlineMs - (performance.now() - start);
    if (left <= 0) throw new DeadlineError(`${what}: not within ${deadlineMs / 1000} s; last state: ${last}`);
    await sleep(Math.min(everyMs, left));
  }
}
