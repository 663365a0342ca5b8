/** Runs pieces of work, at most `max` at a time; the others wait for their turn in the order they came. */
export function inTurns(max: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: Array<() => void> = [];
  let free = max;

  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The place is handed on, so that nobody who comes between gets it.
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
