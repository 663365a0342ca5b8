import { DeadlineError, done, notYet, until } from '../wait.ts';
import type { Observer, Sample } from './samples.ts';

/** A window of two minutes without load, then a pod a minute; and what metrics lag behind. */
const longestMs = 600_000;

/** An autoscaler that has not seen the load yet: metrics are up to 15 s old, and it looks every 15 s. */
const quietMs = 30_000;

/** Whether nothing is left to be taken away. */
export const isAtRest = ({ pods }: Sample): boolean =>
  pods.every(
    ({ ready, wanted, min, cpuPercent, targetPercent }) =>
      ready === min && wanted === min && (cpuPercent ?? 0) <= (targetPercent ?? Infinity),
  );

/**
 * Waits until the autoscalers are back at their least number of pods, and stay there. Ends at the deadline and at a signal, too.
 * @param onLook called every second with the time since the start of the wait
 */
export async function coolDown(
  observer: Observer,
  signal: AbortSignal,
  onLook: (elapsedMs: number) => void,
): Promise<void> {
  const startMs = performance.now();
  let restingSince = Infinity;
  const look = () => {
    const now = performance.now();
    const last = observer.samples.at(-1);
    restingSince = last !== undefined && isAtRest(last) ? Math.min(restingSince, now) : Infinity;
    onLook(now - startMs);
    return now - restingSince >= quietMs ? done(undefined) : notYet('pods are left');
  };
  try {
    await until('the autoscalers are at rest', longestMs, look, { everyMs: 1_000, signal });
  } catch (error) {
    if (!(error instanceof DeadlineError || signal.aborted)) throw error;
  }
}
