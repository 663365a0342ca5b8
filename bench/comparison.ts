import type { Bench } from './bench.ts';

/** What we are held against. Ratios are ours to the other's, made so that more is better. */
export interface Goal {
  against: string;
  /** At least this, or something is wrong. */
  floor: number;
  /** What one side's figure is. */
  unit: string;
}

export interface Finding extends Goal {
  id: string;
  /** Median of the rounds' ratios; undefined when it could not be run. */
  ratio: number | undefined;
  ours: number | undefined;
  theirs: number | undefined;
  /** Why it was not run. */
  obstacle?: string | undefined;
}

export interface Comparison {
  id: string;
  /** One line for `--help` and the table. */
  title: string;
  /** Whether it is part of the short run. */
  short?: boolean;
  /** @throws when a side gives a wrong answer, or breaks */
  run: (bench: Bench) => Promise<Finding[]>;
}

/** One side of a comparison. A round does some work and tells what is compared, usually the work done in a second of CPU. */
export interface Side {
  name: string;
  round: () => Promise<number>;
}

/**
 * Lets the sides take turns, so that what else the machine does hits them alike. The first rounds warm up and do not count.
 * @param processes of a side that share its load: each gets so much less of it in a round, and needs so many more to warm up
 * @returns the figures of each side by its name, a figure a round
 */
export async function takeTurns(bench: Bench, sides: readonly Side[], processes = 1): Promise<Map<string, number[]>> {
  const figures = new Map<string, number[]>(sides.map(({ name }) => [name, []]));
  const warmUps = bench.warmUps * processes;
  for (let round = 1 - warmUps; round <= bench.rounds; round += 1) {
    // Nobody is always first.
    for (let turn = 0; turn < sides.length; turn += 1) {
      const side = sides[(round + warmUps + turn) % sides.length]!;
      bench.signal.throwIfAborted();
      const figure = await side.round();
      if (round > 0) figures.get(side.name)?.push(figure);
    }
    if (round >= 0) bench.say(round === 0 ? 'warmed up' : `round ${round} of ${bench.rounds}`);
  }
  return figures;
}

/** A finding of figures that were taken in turns. */
export function compare(id: string, goal: Goal, ours: readonly number[], theirs: readonly number[]): Finding {
  const ratios = ours.flatMap((figure, round) => (theirs[round] === undefined ? [] : [figure / theirs[round]]));
  return { id, ...goal, ratio: median(ratios), ours: median(ours), theirs: median(theirs) };
}

export function notRun(id: string, goal: Goal, obstacle: string): Finding {
  return { id, ...goal, ratio: undefined, ours: undefined, theirs: undefined, obstacle };
}

export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? Number.NaN) + (sorted[Math.floor(half)] ?? Number.NaN)) / 2;
}
