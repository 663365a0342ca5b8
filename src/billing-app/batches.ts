import { setImmediate } from 'node:timers/promises';

/** Items worked on in batches, one batch after the other. */
export interface Batches<T> {
  push: (item: T) => void;
  /** How many items are waiting or being worked on. */
  readonly size: number;
  /** Forgets the items that wait, and those pushed from now on; resolves when the batch in hand is done. */
  stop: () => Promise<void>;
}

/**
 * Works on what has arrived while the last batch was worked on: no timer, so a lone item is not kept waiting, and many
 * share the cost of one batch. The first batch that fails ends it; `onFailure` is told.
 */
export function inBatches<T>(
  maxSize: number,
  work: (batch: T[]) => Promise<void>,
  onFailure: (error: unknown) => void,
): Batches<T> {
  const waiting: T[] = [];
  let inHand = 0;
  let stopped = false;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    // What other sockets bring in the same turn of the event loop belongs to the batch.
    for (await setImmediate(); waiting.length > 0; await setImmediate()) {
      const batch = waiting.splice(0, maxSize);
      inHand = batch.length;
      await work(batch);
      inHand = 0;
    }
    running = undefined;
  }

  return {
    push(item) {
      if (stopped) return;
      waiting.push(item);
      running ??= run().catch((error: unknown) => {
        stopped = true;
        onFailure(error);
      });
    },
    get size() {
      return waiting.length + inHand;
    },
    async stop() {
      stopped = true;
      waiting.length = 0;
      await running;
    },
  };
}
