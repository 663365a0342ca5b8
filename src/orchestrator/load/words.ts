import type { Latency } from './latency.ts';
import type { Sample } from './samples.ts';
import type { Judged } from './thresholds.ts';

/** How figures read, in text and on pages. */
export const count = (value: number): string => value.toLocaleString('en');

export const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : count(Math.round(value))} ms`;

export const perSecond = (value: number): string => `${value < 10 ? value.toFixed(1) : count(Math.round(value))}/s`;

export const percentiles = ({ p50, p95, p99, max }: Latency): string =>
  `p50 ${ms(p50)}, p95 ${ms(p95)}, p99 ${ms(p99)}, longest ${ms(max)}`;

/** A count with its noun: `1 request`, `2 requests`. */
export const some = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** What a threshold was held against. */
export function measuredValue({ value, unit }: Judged): string {
  if (value === null) return 'not measured';
  if (unit === 'ms') return ms(value);
  if (unit === '/s') return perSecond(value);
  return unit === '%' ? `${Number(value.toFixed(2))} %` : count(value);
}

/** `88 % of what they request`, as an autoscaler has it. */
export const percent = (value: number | null): string => (value === null ? 'unknown' : `${value} %`);

/** How many pods took requests, and when that changed: `1, from 61 s 3, from 183 s 2`. */
export function podStory(samples: readonly Sample[], name: string): string {
  let last: number | undefined;
  const parts = samples.flatMap(({ seconds, pods }) => {
    const ready = pods.find((each) => each.name === name)?.ready;
    if (ready === undefined || ready === last) return [];
    const part = last === undefined ? `${ready}` : `from ${Math.round(seconds)} s ${ready}`;
    last = ready;
    return [part];
  });
  return parts.join(', ');
}

/** The workloads whose pods were counted. */
export const scaledNames = (samples: readonly Sample[]): string[] => [
  ...new Set(samples.flatMap(({ pods }) => pods.map(({ name }) => name))),
];

/** The parts of the system whose use was seen. */
export const usedNames = (samples: readonly Sample[]): string[] => [
  ...new Set(samples.flatMap(({ usage }) => usage.map(({ name }) => name))),
];
