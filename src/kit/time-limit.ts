/** How much later than its limit a wait may be ended. */
const CHECK_EVERY_MS = 100;

interface Wait {
  endMs: number;
  /** Undefined when the wait is over. */
  onTimeout: (() => void) | undefined;
}

/** Many waits of the same length. */
export interface TimeLimit {
  /** Calls `onTimeout` after the time, up to 100 ms late, unless `stop` is called with what this returns. */
  start: (onTimeout: () => void) => Wait;
  stop: (wait: Wait) => void;
}

/**
 * One timer for all: a timer for each of some ten thousand waits a second costs more than what is waited for, above all in memory.
 * For the same reason nothing here (no set, no list) leads from a wait that is over to a later one: all of them would then
 * outlive the garbage collections that are cheap.
 */
export function createTimeLimit(timeoutMs: number): TimeLimit {
  /** The first ends first. */
  const waits: Wait[] = [];
  let timer: NodeJS.Timeout | undefined;

  function check(): void {
    timer = undefined;
    const nowMs = performance.now();
    const pending = waits.findIndex(({ endMs, onTimeout }) => onTimeout && endMs > nowMs);
    for (const wait of waits.splice(0, pending < 0 ? waits.length : pending)) {
      wait.onTimeout?.();
      wait.onTimeout = undefined;
    }
    if (waits.length > 0) timer ??= setTimeout(check, CHECK_EVERY_MS);
  }

  return {
    start: (onTimeout) => {
      const wait = { endMs: performance.now() + timeoutMs, onTimeout };
      waits.push(wait);
      timer ??= setTimeout(check, CHECK_EVERY_MS);
      return wait;
    },
    stop: (wait) => {
      wait.onTimeout = undefined;
    },
  };
}
