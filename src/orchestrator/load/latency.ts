import { createHistogram } from 'node:perf_hooks';

/** In milliseconds. */
export interface Latency {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** Takes durations in milliseconds and keeps their distribution in constant memory, each to a thousandth of its value. */
export interface LatencyRecorder {
  record(ms: number): void;
  /** Undefined as long as there is nothing. */
  read(): Latency | undefined;
}

/** Microseconds; no request lives longer than some seconds. */
const highest = 600_000_000;

export function recordLatency(): LatencyRecorder {
  const histogram = createHistogram({ lowest: 1, highest, figures: 3 });
  const percentile = (share: number): number => histogram.percentile(share) / 1000;
  return {
    record: (ms) => histogram.record(Math.min(highest, Math.max(1, Math.round(ms * 1000)))),
    read: () =>
      histogram.count === 0
        ? undefined
        : { p50: percentile(50), p95: percentile(95), p99: percentile(99), max: histogram.max / 1000 },
  };
}

/** The same of a few values: the nearest rank. */
export function latencyOf(values: readonly number[]): Latency | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const max = sorted.at(-1);
  if (max === undefined) return undefined;
  const rank = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? max;
  return { p50: rank(0.5), p95: rank(0.95), p99: rank(0.99), max };
}
