import type { Stage } from '../pace.ts';
import type { Generator, Loaded } from './run.ts';
import { generatorProblem } from './run.ts';
import type { PodCount, Sample } from './samples.ts';
import type { Second } from './seconds.ts';
import type { Group } from './tally.ts';
import { judgeThreshold } from './thresholds.ts';
import type { Judged, Threshold } from './thresholds.ts';
import type { Rows, Stored } from './trace.ts';

/** A load and what came of it; what `-o json` prints. All times are seconds since the start, latencies milliseconds. */
export interface LoadResult {
  /** Whether it came to its end and all thresholds were kept. */
  pass: boolean;
  /** Whether it was ended before its time. */
  interrupted: boolean;
  system: string;
  /** ISO 8601. */
  started: string;
  mix: string;
  /** How long requests were due, and how long it was looked at the system. */
  loadSeconds: number;
  seconds: number;
  /** Requests that were due, and good answers, per second of load. */
  dueRate: number;
  rate: number;
  thresholds: Judged[];
  all: Group;
  endpoints: Group[];
  /** With the length that was planned, and the rate at the beginning and at the end. */
  stages: (Group & { seconds: number; from: number; to: number })[];
  answers: Record<string, number>;
  generator: Generator;
  /** What is to be known about the figures. */
  warnings: string[];
  orders?: Stored;
  /** Rows of the load: removed, or still there, with the reason where that was not asked for. */
  rows: Rows & { removed: boolean; problem?: string };
  timeline: Second[];
  samples: readonly Sample[];
}

export interface Told {
  system: string;
  started: Date;
  mix: string;
  interrupted: boolean;
  thresholds: readonly Threshold[];
  samples: readonly Sample[];
  missed: number;
  seconds: number;
  orders: Stored | undefined;
  rows: LoadResult['rows'];
}

/** A run that was ended early has kept nothing yet, and broken perhaps what cannot be mended. */
export function verdictOf({ pass, interrupted, thresholds }: LoadResult): 'pass' | 'fail' | 'stopped' {
  if (pass) return 'pass';
  return interrupted && thresholds.every((each) => each.pass) ? 'stopped' : 'fail';
}

/** The workload whose pods thresholds count: all of the load goes through it. */
export const gateway = 'api-gateway';

export const podsOf = ({ pods }: Sample, name: string): PodCount | undefined => pods.find((each) => each.name === name);

export function createResult(loaded: Loaded, stages: readonly Stage[], told: Told): LoadResult {
  const { all, loadSeconds } = loaded;
  const good = all.due - all.errors - all.dropped;
  const [dueRate, rate] = [all.due, good].map((count) => (loadSeconds === 0 ? 0 : count / loadSeconds)) as [
    number,
    number,
  ];
  const ready = told.samples.flatMap((sample) => podsOf(sample, gateway)?.ready ?? []);
  const replicas = ready.length === 0 ? undefined : { max: Math.max(...ready), end: ready.at(-1)! };
  const figures = {
    latency: all.latencyMs,
    due: all.due,
    errors: all.errors,
    dropped: all.dropped,
    dueRate,
    rate,
    replicas,
  };
  const thresholds = [
    ...told.thresholds.map((threshold) => judgeThreshold(threshold, figures)),
    ...(told.orders?.lost === undefined ? [] : [lostOrders(told.orders.lost)]),
  ];
  return {
    pass: !told.interrupted && thresholds.every(({ pass }) => pass),
    interrupted: told.interrupted,
    system: told.system,
    started: told.started.toISOString(),
    mix: told.mix,
    loadSeconds: round(loadSeconds),
    seconds: round(told.seconds),
    dueRate: round(dueRate),
    rate: round(rate),
    thresholds,
    all,
    endpoints: loaded.endpoints,
    stages: stages.map(({ durationMs, from, to }, index) => ({
      ...loaded.stages[index]!,
      seconds: durationMs / 1000,
      from,
      to,
    })),
    answers: loaded.answers,
    generator: loaded.generator,
    warnings: warningsOf(loaded, told),
    ...(told.orders && { orders: told.orders }),
    rows: told.rows,
    timeline: loaded.seconds,
    samples: told.samples,
  };
}

/** Always looked at: a confirmed order that is nowhere is the worst that a load can find. */
const lostOrders = (lost: number): Judged => ({
  threshold: 'lost orders<=0',
  value: lost,
  unit: 'requests',
  pass: lost === 0,
});

function warningsOf(loaded: Loaded, { missed, samples, orders, rows }: Told): string[] {
  const { dropped } = loaded.all;
  const problem = generatorProblem(loaded);
  return [
    ...(problem === undefined ? [] : [`the generator was the limit: ${problem}`]),
    ...(dropped === 0
      ? []
      : [
          `${dropped} requests that were due were not sent, because too many others still waited for their answers; no latency has them`,
        ]),
    ...(missed === 0
      ? []
      : [`the system told ${missed} times of ${missed + samples.length} not how many pods it has and what they use`]),
    ...(orders === undefined || orders.lost !== undefined
      ? []
      : [`${orders.stored} of ${orders.confirmed} confirmed orders were stored when it was no longer waited for them`]),
    ...(rows.problem === undefined
      ? []
      : [`what the load made may still be there (./orchestrator.sh load --clean): ${rows.problem}`]),
  ];
}

const round = (value: number): number => Math.round(value * 100) / 100;
