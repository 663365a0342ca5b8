import { setTimeout as delay } from 'node:timers/promises';

interface Backoff {
  firstDelayMs: number;
  maxDelayMs: number;
  signal: AbortSignal;
  /** Called before each wait. Throw to give up. */
  onFailure: (error: unknown, nextDelayMs: number) => void;
}

/**
 * Repeats an attempt until it succeeds, waiting between: doubled each time up to the maximum, of which half is random so
 * that replicas do not come back in step. Throws what `onFailure` throws, or an AbortError when the signal aborts.
 */
export async function retry<T>(attempt: () => Promise<T>, options: Backoff): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    options.signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      const ceilingMs = Math.min(options.maxDelayMs, options.firstDelayMs * 2 ** failures);
      const nextDelayMs = Math.round(ceilingMs * (0.5 + Math.random() / 2));
      options.onFailure(error, nextDelayMs);
      await delay(nextDelayMs, undefined, { signal: options.signal });
    }
  }
}
