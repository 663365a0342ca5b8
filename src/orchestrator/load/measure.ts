import type { Stage } from '../pace.ts';
import type { Reply } from './client.http.ts';
import type { Latency } from './latency.ts';
import { openSeconds } from './seconds.ts';
import type { Second } from './seconds.ts';
import { labelOf, stageAt } from './stages.ts';
import { openTally, readTally } from './tally.ts';
import type { Group, Tally } from './tally.ts';

export interface Measured {
  all: Group;
  endpoints: Group[];
  stages: Group[];
  seconds: Second[];
  /** How often each answer came. */
  answers: Record<string, number>;
}

/** What a person who looks on wants to know. */
export interface Glance {
  all: Omit<Group, 'latencyMs'>;
  latency: Latency | undefined;
  answers: Readonly<Record<string, number>>;
  /** The last second that is over. */
  second: Second;
}

/** Counts requests and times them; all times are milliseconds since the start of the run. */
export interface Measurement {
  dropped(endpoint: string, dueMs: number): void;
  answered(endpoint: string, dueMs: number, endMs: number, reply: Reply): void;
  /** Cheap enough to be asked every second. */
  glance(nowMs: number): Glance;
  /** All of it, once everything has been answered. */
  read(): Measured;
}

export function measure(stages: readonly Stage[], endpoints: readonly string[]): Measurement {
  const all = openTally('all');
  const byStage = stages.map((stage) => openTally(labelOf(stage)));
  const byEndpoint = new Map(endpoints.map((name) => [name, openTally(name)]));
  const answers: Record<string, number> = {};
  const seconds = openSeconds();
  const talliesOf = (endpoint: string, dueMs: number): Tally[] => [
    all,
    byStage[stageAt(stages, dueMs)]!,
    byEndpoint.get(endpoint)!,
    seconds.at(dueMs),
  ];
  return {
    dropped: (endpoint, dueMs) => {
      for (const tally of talliesOf(endpoint, dueMs)) {
        tally.due += 1;
        tally.dropped += 1;
      }
    },
    answered: (endpoint, dueMs, endMs, { what, isGood }) => {
      answers[what] = (answers[what] ?? 0) + 1;
      for (const tally of talliesOf(endpoint, dueMs)) {
        tally.due += 1;
        if (!isGood) tally.errors += 1;
        tally.latency.record(endMs - dueMs);
      }
    },
    glance: (nowMs) => ({
      all,
      latency: all.latency.read(),
      answers,
      second: seconds.read(Math.max(0, Math.floor(nowMs / 1000) - 1)),
    }),
    read: () => ({
      all: readTally(all),
      stages: byStage.map(readTally),
      endpoints: [...byEndpoint.values()].map(readTally),
      seconds: seconds.readAll(),
      answers,
    }),
  };
}
