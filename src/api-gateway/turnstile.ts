/** Lets at most so many run at a time; the others wait in the order in which they came. */
export interface Turnstile {
  /** Calls `start` as soon as a place is free. */
  enter: (start: () => void) => void;
  /** Gives back the place that was given to `start`, or its place in the line. Exactly once for each `enter`. */
  leave: (start: () => void) => void;
  running: () => number;
  waiting: () => number;
}

export function createTurnstile(places: number): Turnstile {
  const line = new Set<() => void>();
  let running = 0;

  return {
    enter: (start) => {
      if (running === places) {
        line.add(start);
      } else {
        running += 1;
        start();
      }
    },
    leave: (start) => {
      if (line.delete(start)) return;
      const [next] = line;
      if (next) {
        line.delete(next);
        next();
      } else {
        running -= 1;
      }
    },
    running: () => running,
    waiting: () => line.size,
  };
}
