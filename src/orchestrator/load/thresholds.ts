import { UsageError } from '../failure.ts';
import type { Latency } from './latency.ts';

const latencies = ['p50', 'p95', 'p99', 'max'] as const;
const shares = ['errors', 'dropped', 'rate'] as const;
const replicas = ['replicas.max', 'replicas.end'] as const;
export const metricNames = [...latencies, ...shares, ...replicas] as const;
type Metric = (typeof metricNames)[number];

const operators = {
  '<': (value: number, limit: number) => value < limit,
  '<=': (value: number, limit: number) => value <= limit,
  '>': (value: number, limit: number) => value > limit,
  '>=': (value: number, limit: number) => value >= limit,
} as const;

/** What a run must keep, such as `p95<250ms`. */
export interface Threshold {
  /** As it was written. */
  text: string;
  metric: Metric;
  operator: keyof typeof operators;
  /** In `unit`. */
  limit: number;
  /** `pods` and `requests` are counts; `/s` for the rate. */
  unit: 'ms' | '%' | '/s' | 'requests' | 'pods';
}

/** What the thresholds are held against. */
export interface Figures {
  latency: Latency | undefined;
  due: number;
  errors: number;
  dropped: number;
  /** Requests that were due, and good answers, per second of load. */
  dueRate: number;
  rate: number;
  /** Ready pods of the gateway: the most, and at the end; only where pods can be counted. */
  replicas: { max: number; end: number } | undefined;
}

export interface Judged {
  threshold: string;
  /** What was measured, in the threshold's unit; null where nothing could be. */
  value: number | null;
  unit: Threshold['unit'];
  pass: boolean;
}

/** Hold unless the same quantity is given: a load that is answered with errors is fast, and proves nothing. */
const defaults = ['errors<1%', 'dropped<1%'] as const;

const examples = 'p95<250ms, errors<1%, dropped<=0, rate>=99%, replicas.max>=3';

/** @throws UsageError that says how it is written */
export function parseThresholds(texts: readonly string[]): Threshold[] {
  const given = texts.map(parseThreshold);
  const missing = defaults.map(parseThreshold).filter(({ metric }) => given.every((other) => other.metric !== metric));
  return [...given, ...missing];
}

function parseThreshold(text: string): Threshold {
  const [, name = '', operator, number, suffix = ''] =
    /^\s*([a-z][a-z0-9.]*)\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)\s*(ms|s|\/s|%)?\s*$/.exec(text) ?? [];
  if (operator === undefined) throw new UsageError(`${text || 'nothing'} is no threshold. Such as ${examples}`);
  const metric = metricNames.find((known) => known === name);
  if (metric === undefined) {
    throw new UsageError(`there is no ${name} to hold a threshold against. One of: ${metricNames.join(', ')}`);
  }
  const [unit, factor] = unitOf(metric, suffix, text);
  return {
    text: text.trim(),
    metric,
    operator: operator as Threshold['operator'],
    limit: Number(number) * factor,
    unit,
  };
}

function unitOf(metric: Metric, suffix: string, text: string): [unit: Threshold['unit'], factor: number] {
  const wrong = (such: string): UsageError => new UsageError(`${text}: ${metric} is given such as ${such}`);
  if (isOneOf(latencies, metric)) {
    if (suffix === 'ms') return ['ms', 1];
    if (suffix === 's') return ['ms', 1000];
    throw wrong(`${metric}<250ms`);
  }
  if (isOneOf(replicas, metric)) {
    if (suffix === '') return ['pods', 1];
    throw wrong(`${metric}>=3`);
  }
  if (suffix === '%') return ['%', 1];
  if (metric === 'rate' && (suffix === '' || suffix === '/s')) return ['/s', 1];
  if (metric !== 'rate' && suffix === '') return ['requests', 1];
  throw wrong(metric === 'rate' ? 'rate>=395, or rate>=99% of what was due' : `${metric}<=5, or ${metric}<1%`);
}

const isOneOf = (names: readonly string[], metric: string): boolean => names.includes(metric);

export const needsReplicas = ({ metric }: Threshold): boolean => isOneOf(replicas, metric);

/** What cannot be measured is not kept. */
export function judgeThreshold({ text, metric, operator, limit, unit }: Threshold, figures: Figures): Judged {
  const value = measured(metric, unit, figures);
  return { threshold: text, value, unit, pass: value !== null && operators[operator](value, limit) };
}

function measured(metric: Metric, unit: Threshold['unit'], figures: Figures): number | null {
  const { latency, due, dueRate, replicas: pods } = figures;
  const share = (part: number, whole: number): number | null => (whole === 0 ? null : (part / whole) * 100);
  switch (metric) {
    case 'errors':
    case 'dropped':
      return unit === '%' ? share(figures[metric], due) : due === 0 ? null : figures[metric];
    case 'rate':
      return unit === '%' ? share(figures.rate, dueRate) : figures.rate;
    case 'replicas.max':
      return pods?.max ?? null;
    case 'replicas.end':
      return pods?.end ?? null;
    default:
      return latency?.[metric] ?? null;
  }
}
