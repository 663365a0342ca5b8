import { UsageError } from '../failure.ts';
import { nearestWord } from '../spelling.ts';
import type { Target } from '../target/target.ts';
import type { Fault } from './fault.ts';
import { faults, isPossible } from './faults.ts';
import { seededRandom, shuffle } from './random.ts';

/** A fault and its moment; one that takes long pushes those after it back. */
export interface PlannedFault {
  fault: Fault;
  /** Seconds from the first order. */
  at: number;
  holdMs: number;
  choice: number;
}

export interface PlanOptions {
  kind: Target['kind'];
  seed: number;
  /** How many; each kind of fault comes before any comes again. */
  count: number;
  /** The time over which they are spread, in seconds. */
  seconds: number;
  only: readonly string[];
  skip: readonly string[];
  /** Faults at moments of the user's own, "12.5:billing-app-killed"; they take the place of the seed's. */
  at: readonly string[];
}

/** Short beside a person's patience, and long enough for heartbeats and time-outs to strike. */
const holdMs = { from: 2_000, below: 9_000 };

/** The first one meets a system at work. */
const firstAt = 2;

/** The same seed gives the same faults at the same moments. @throws UsageError */
export function planFaults({ kind, seed, count, seconds, only, skip, at }: PlanOptions): PlannedFault[] {
  const random = seededRandom(seed);
  const plan = (fault: Fault, moment: number): PlannedFault => ({
    fault,
    at: moment,
    holdMs: holdMs.from + random(holdMs.below - holdMs.from),
    choice: random(1_000_000) / 1_000_000,
  });
  if (at.length > 0) {
    return at
      .map((word) => parseMoment(word, kind))
      .map(([fault, moment]) => plan(fault, moment))
      .toSorted((a, b) => a.at - b.at);
  }
  const skipped = skip.map((name) => findFault(name, kind));
  const chosen =
    only.length > 0 ? only.map((name) => findFault(name, kind)) : faults.filter((fault) => isPossible(fault, kind));
  const deck = chosen.filter((fault) => !skipped.includes(fault));
  if (deck.length === 0) throw new UsageError('no fault is left: --only and --skip name the same ones');
  const drawn: Fault[] = [];
  while (drawn.length < count) drawn.push(...shuffle(deck, random));
  const slot = (seconds - firstAt) / count;
  return drawn
    .slice(0, count)
    .map((fault, index) => plan(fault, round(firstAt + index * slot + (random(500) / 1000) * slot)));
}

const round = (seconds: number): number => Math.max(0, Math.round(seconds * 10) / 10);

/** @throws UsageError that names the nearest */
function findFault(name: string, kind: Target['kind']): Fault {
  const fault = faults.find((each) => each.name === name);
  if (fault === undefined) {
    const nearest = nearestWord(
      name,
      faults.map((each) => each.name),
    );
    throw new UsageError(
      `there is no fault ${name}. ${nearest === undefined ? 'See drill --list' : `Did you mean ${nearest}?`}`,
    );
  }
  if (!isPossible(fault, kind))
    throw new UsageError(`${name} is not possible on a system of kind ${kind}: see drill --list`);
  return fault;
}

function parseMoment(word: string, kind: Target['kind']): [Fault, number] {
  const [, moment, name = ''] = /^(\d{1,6}(?:\.\d+)?):(.+)$/.exec(word) ?? [];
  if (moment === undefined)
    throw new UsageError(`--at takes SECONDS:FAULT, such as 12.5:billing-app-killed, not ${word}`);
  return [findFault(name, kind), Number(moment)];
}
