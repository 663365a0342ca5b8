import { latencyOf } from './latency.ts';
import { openTally, readTally } from './tally.ts';
import type { Group, Tally } from './tally.ts';

/** What became of the requests that were due within one second of the run. */
export interface Second extends Omit<Group, 'name'> {
  second: number;
  good: number;
}

/** The seconds of a run. */
export interface Seconds {
  /** The tally of the second in which something was due. */
  at(dueMs: number): Tally;
  read(second: number): Second;
  readAll(): Second[];
}

/** By then everything that was due in a second has come to its end. */
const settledAfterS = 40;

/** Of a second that is over its percentiles are kept, not its values, so that hours fit into memory. */
export function openSeconds(): Seconds {
  const settled: Second[] = [];
  const open = new Map<number, Tally>();
  const settle = (until: number): void => {
    for (; settled.length < until; open.delete(settled.length - 1)) settled.push(toSecond(settled.length));
  };
  const toSecond = (second: number): Second => {
    const { name: _, ...counts } = readTally(open.get(second) ?? openTally('', recordFew()));
    return { second, ...counts, good: counts.due - counts.errors - counts.dropped };
  };
  let last = 0;
  return {
    at: (dueMs) => {
      const second = Math.max(settled.length, Math.floor(dueMs / 1000));
      last = Math.max(last, second);
      settle(second - settledAfterS);
      const tally = open.get(second) ?? openTally('', recordFew());
      open.set(second, tally);
      return tally;
    },
    read: toSecond,
    readAll: () => {
      settle(last + 1);
      return settled;
    },
  };
}

function recordFew() {
  const values: number[] = [];
  return { record: (ms: number) => void values.push(ms), read: () => latencyOf(values) };
}
