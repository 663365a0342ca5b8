import type { Point } from './chart.svg.ts';

/** Round numbers from 0 to the first one that is not below `highest`: 1, 2 or 5 times a power of ten apart, about `count` steps. */
export function niceSteps(highest: number, count: number): number[] {
  const rough = Math.max(highest, 1e-9) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10);
  const steps = Math.max(1, Math.ceil(highest / step - 1e-9));
  return Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** Fewer points that look the same: of each stretch of time the lowest and the highest, so that no peak is lost. */
export function thin(points: readonly Point[], most: number): readonly Point[] {
  if (points.length <= most) return points;
  const perStretch = Math.ceil((points.length * 2) / most);
  const kept: Point[] = [points[0]!];
  for (let start = 1; start < points.length - 1; start += perStretch) {
    const stretch = points.slice(start, Math.min(start + perStretch, points.length - 1));
    const low = stretch.reduce((least, point) => (point[1] < least[1] ? point : least));
    const high = stretch.reduce((most, point) => (point[1] > most[1] ? point : most));
    kept.push(...(low === high ? [low] : low[0] < high[0] ? [low, high] : [high, low]));
  }
  return [...kept, points.at(-1)!];
}
