import { setTimeout as delay } from 'node:timers/promises';

const PAUSE_MS = 25;

/**
 * Repeats an assertion until it holds and returns its result; at the deadline throws what it threw last.
 * @param pauseMs between two looks; longer where each costs a process
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  deadlineMs = 20_000,
  pauseMs = PAUSE_MS,
): Promise<T> {
  const endMs = Date.now() + deadlineMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() > endMs) throw error;
      await delay(pauseMs);
    }
  }
}
