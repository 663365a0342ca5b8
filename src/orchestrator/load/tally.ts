import { recordLatency } from './latency.ts';
import type { Latency, LatencyRecorder } from './latency.ts';

/** What became of a group of requests. */
export interface Group {
  name: string;
  /** Sent or not. */
  due: number;
  errors: number;
  dropped: number;
  /** From the moment at which a request was due to the end of its answer, or of the wait for it; absent without any. */
  latencyMs?: Latency;
}

/** A group while it grows. */
export interface Tally extends Omit<Group, 'latencyMs'> {
  latency: LatencyRecorder;
}

export function openTally(name: string, latency = recordLatency()): Tally {
  return { name, due: 0, errors: 0, dropped: 0, latency };
}

export function readTally({ latency, ...counts }: Tally): Group {
  const latencyMs = latency.read();
  return { ...counts, ...(latencyMs && { latencyMs }) };
}
