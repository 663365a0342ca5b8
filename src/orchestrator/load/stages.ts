import { UsageError } from '../failure.ts';
import type { Stage } from '../pace.ts';

/** Longer runs are somebody's mistake, or better several runs. */
const longestMs = 24 * 3_600_000;

/** No single process sends more. */
const highestRate = 50_000;

const unitsMs = { s: 1_000, m: 60_000, h: 3_600_000 } as const;

/**
 * `DURATION:RATE` holds a rate, `DURATION:RATE-RATE` goes evenly from one to another; several with commas between.
 * @throws UsageError
 */
export function parseStages(text: string): Stage[] {
  const stages = text.split(',').map(parseStage);
  if (stages.every(({ from, to }) => from === 0 && to === 0)) throw new UsageError(`${text} sends nothing`);
  if (durationOf(stages) > longestMs) throw new UsageError(`${text} takes longer than 24h`);
  return stages;
}

function parseStage(text: string): Stage {
  const [, duration, from, to = from] = /^([^:]+):(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?$/.exec(text.trim()) ?? [];
  if (duration === undefined || from === undefined) {
    throw new UsageError(
      `${text.trim() || 'nothing'} is no stage. Such as 60s:400, or 30s:50-400 for a rate that rises`,
    );
  }
  return { durationMs: parseDuration(duration), from: parseRate(from), to: parseRate(to ?? from) };
}

/** `90s`, `2m` or `1h`, in milliseconds. @throws UsageError */
export function parseDuration(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? [];
  const ms = Number(amount) * unitsMs[unit as keyof typeof unitsMs];
  if (ms > 0 && ms <= longestMs) return ms;
  throw new UsageError(`${text || 'nothing'} is no duration. Such as 60s or 5m, up to 24h`);
}

/** Requests per second. @throws UsageError */
export function parseRate(text: string): number {
  const rate = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (rate <= highestRate) return rate;
  throw new UsageError(`${text || 'nothing'} is no rate. It is a number of requests per second, up to ${highestRate}`);
}

export function durationOf(stages: readonly Stage[]): number {
  return stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

/** Which stage a moment belongs to; the last one for what comes after the end. */
export function stageAt(stages: readonly Stage[], ms: number): number {
  let end = 0;
  const index = stages.findIndex(({ durationMs }) => ms < (end += durationMs));
  return index === -1 ? stages.length - 1 : index;
}

/** `400/s`, `50 to 400/s`. */
export function labelOf({ from, to }: Stage): string {
  return from === to ? `${from}/s` : `${from} to ${to}/s`;
}
