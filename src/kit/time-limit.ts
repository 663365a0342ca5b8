/** How much later than its limit a wait may be ended. */
const CHECK_EVERY_MS = 100;

interface Wait {
  endMs: number;
  onTimeout: () => void;
  /** Its place among those that are running; -1 when it is over. */
  at: number;
}

/** Many waits of the same length. */
export interface TimeLimit {
  /** Calls `onTimeout` after the time, up to 100 ms late, unless `stop` is called with what this returns. */
  start: (onTimeout: () => void) => Wait;
  stop: (wait: Wait) => void;
}

/**
 * One timer for all: a timer for each of some ten thousand waits a second costs more than what is waited for, above all in memory.
 * For the same reason a wait that is over is forgotten at once, and nothing (no set, no list) leads from it to a later one: what
 * outlives the garbage collections that are cheap makes the others dear.
 */
export function createTimeLimit(timeoutMs: number): TimeLimit {
  const running: Wait[] = [];
  let timer: NodeJS.Timeout | undefined;

  function stop(wait: Wait): void {
    const last = running.at(-1);
    if (wait.at < 0 || !last) return;
    running[wait.at] = last;
    last.at = wait.at;
    running.pop();
    wait.at = -1;
  }

  function check(): void {
    timer = undefined;
    const nowMs = performance.now();
    const over = running.filter(({ endMs }) => endMs <= nowMs).toSorted((a, b) => a.endMs - b.endMs);
    // One that is called may stop others.
    for (const wait of over) {
      if (wait.at < 0) continue;
      stop(wait);
      wait.onTimeout();
    }
    if (running.length > 0) timer ??= setTimeout(check, CHECK_EVERY_MS);
  }

  return {
    start: (onTimeout) => {
      const wait = { endMs: performance.now() + timeoutMs, onTimeout, at: running.length };
      running.push(wait);
      timer ??= setTimeout(check, CHECK_EVERY_MS);
      return wait;
    },
    stop,
  };
}
