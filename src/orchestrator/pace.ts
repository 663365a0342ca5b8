/** A stretch of time with a rate of requests that stays, or changes evenly from its beginning to its end. */
export interface Stage {
  durationMs: number;
  /** Requests per second at its beginning. */
  from: number;
  /** At its end; the same as `from` for a constant rate. */
  to: number;
}

export interface PaceOptions {
  stages: readonly Stage[];
  /** Ends it after so many requests; the stages alone decide when absent. */
  requests?: number;
  /** How many may wait for their answers at once; what is due beyond them is not sent, but counted. */
  maxInFlight: number;
  /**
   * Sends one request and resolves with its answer, never rejects.
   * @param number 0, 1, 2 …
   * @param dueMs when it should be sent, on the clock of `performance.now()`: latency counts from here
   */
  send: (number: number, dueMs: number) => Promise<unknown>;
  /** When the first stage begins, on the clock of `performance.now()`; at once when absent. */
  startMs?: number | undefined;
  /** Told of each request that is not sent because too many others wait. */
  onDropped?: ((number: number, dueMs: number) => void) | undefined;
  /** Ends it early: nothing more is sent, what was sent is waited for. */
  signal: AbortSignal;
}

export interface Paced {
  sent: number;
  /** Were due, and not sent because `maxInFlight` others still waited. */
  dropped: number;
}

/** Far below what a person or a percentile notices, and no load on the processor. */
const tickMs = 2;

/**
 * Sends requests when they are due, whatever became of those before them (an open model): a system that is slow is not spared,
 * and a timer that is late makes up for it. Resolves when all answers are there.
 */
export async function keepPace({
  stages,
  requests = Infinity,
  maxInFlight,
  send,
  onDropped,
  startMs = performance.now(),
  signal,
}: PaceOptions): Promise<Paced> {
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
  const endMs = stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
  let next = 0;
  let dropped = 0;
  let inFlight = 0;
  let isOver = false;

  const settle = (): void => {
    inFlight -= 1;
    if (isOver && inFlight === 0) resolve();
  };
  const tick = (): void => {
    const elapsedMs = performance.now() - startMs;
    const due = Math.min(requests, dueAfter(stages, Math.min(elapsedMs, endMs)));
    for (; next < due && !signal.aborted; next += 1) {
      if (inFlight >= maxInFlight) {
        dropped += 1;
        onDropped?.(next, startMs + dueTime(stages, next));
        continue;
      }
      inFlight += 1;
      send(next, startMs + dueTime(stages, next)).then(settle, reject);
    }
    isOver = signal.aborted || elapsedMs >= endMs || next >= requests;
    if (!isOver) return;
    clearInterval(timer);
    if (inFlight === 0) resolve();
  };
  const timer = setInterval(tick, tickMs);
  try {
    await finished;
  } finally {
    clearInterval(timer);
  }
  return { sent: next - dropped, dropped };
}

/** How many requests are due in the first `elapsedMs` of these stages; the first one at once. */
export function dueAfter(stages: readonly Stage[], elapsedMs: number): number {
  let due = 0;
  let leftMs = elapsedMs;
  for (const stage of stages) {
    due += area(stage, Math.min(leftMs, stage.durationMs));
    leftMs -= stage.durationMs;
    if (leftMs <= 0) break;
  }
  // What a sum of fractions lacks to a whole number is no request that is not due.
  return Math.max(0, Math.ceil(due - 1e-9));
}

/** When the request of this number is due, in milliseconds from the start; the end of the stages for one that never is. */
export function dueTime(stages: readonly Stage[], number: number): number {
  let before = 0;
  let startMs = 0;
  for (const stage of stages) {
    const all = area(stage, stage.durationMs);
    if (number < before + all) return startMs + timeOf(stage, number - before);
    before += all;
    startMs += stage.durationMs;
  }
  return startMs;
}

/** Requests in the first `ms` of a stage. */
function area({ durationMs, from, to }: Stage, ms: number): number {
  if (durationMs === 0) return 0;
  return (from * ms + ((to - from) * ms * ms) / (2 * durationMs)) / 1000;
}

/** The inverse of `area`: when so many requests are due. */
function timeOf({ durationMs, from, to }: Stage, requests: number): number {
  if (from === to) return (requests / from) * 1000;
  // slope·t²/2 + from·t = requests, with t in seconds; this form of the root does not divide by a small difference.
  const slope = ((to - from) / durationMs) * 1000;
  const root = Math.sqrt(Math.max(0, from * from + 2 * slope * requests));
  return (requests === 0 ? 0 : (2 * requests) / (from + root)) * 1000;
}
