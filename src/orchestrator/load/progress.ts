import type { Terminal } from '../terminal.ts';
import { answerRows } from './report.text.ts';
import type { Glance } from './measure.ts';
import type { Sample } from './samples.ts';
import { count, ms, percent, perSecond, percentiles, some } from './words.ts';

/** What the person in front of a load sees while it runs. */
export interface Progress {
  /** @param part which stage it is in, or what is waited for */
  show(part: string, glance: Glance, sample: Sample | undefined): void;
  /** What is waited for when nothing is sent any more. */
  wait(part: string, sample: Sample | undefined): void;
  /** One line of what happened, above the picture. */
  say: (line: string) => void;
  /** Takes the picture away. */
  close(): void;
}

/** Where lines cannot be redrawn, one of them so often. */
const plainEveryMs = 5_000;

export function openProgress(terminal: Terminal): Progress {
  return terminal.live ? liveProgress(terminal) : plainProgress(terminal);
}

function plainProgress(terminal: Terminal): Progress {
  let lastMs = -Infinity;
  const print = (line: string): void => {
    if (performance.now() - lastMs < plainEveryMs - 500) return;
    lastMs = performance.now();
    terminal.write(`${line}\n`);
  };
  return {
    show: (part, { all, second, latency }, sample) => {
      const times = latency === undefined ? [] : [percentiles(latency)];
      const counts = `${perSecond(second.good)} answered well, ${some(all.errors, 'error')}, ${count(all.dropped)} dropped`;
      print([part, counts, ...times, ...podParts(sample)].join('; '));
    },
    wait: (part, sample) => print([part, ...podParts(sample)].join('; ')),
    say: (line) => terminal.write(`${line}\n`),
    close: () => undefined,
  };
}

function liveProgress(terminal: Terminal): Progress {
  const history: Glance['second'][] = [];
  let drawn = 0;
  const erase = (): void => {
    if (drawn > 0) terminal.write(`\u001B[${drawn}A\u001B[J`);
    drawn = 0;
  };
  const draw = (lines: readonly string[]): void => {
    erase();
    // A line that wraps could not be redrawn.
    terminal.write(lines.map((line) => `${line.slice(0, terminal.columns() - 1)}\n`).join(''));
    drawn = lines.length;
  };
  let last: readonly string[] = [];
  const put = (part: string, lines: readonly string[]): void => {
    last = [part, ...lines];
    draw(last);
  };
  return {
    show: (part, glance, sample) => {
      history.push(glance.second);
      put(part, [...figureLines(glance, history, terminal.columns()), ...podLines(sample)]);
    },
    wait: (part, sample) => put(part, podLines(sample)),
    say: (line) => {
      erase();
      terminal.write(`${terminal.paint('gray', line)}\n`);
      draw(last);
    },
    close: () => {
      erase();
      last = [];
    },
  };
}

/** What stands in front of each line, and behind its picture. */
const besideChart = 44;

function figureLines(
  { all, second, latency, answers }: Glance,
  history: readonly Glance['second'][],
  columns: number,
): string[] {
  const width = Math.max(10, Math.min(60, columns - besideChart));
  const recent = history.slice(-width);
  const p99s = recent.map(({ latencyMs }) => latencyMs?.p99 ?? 0);
  return [
    `  answered  ${perSecond(second.good).padStart(9)}  ${sparkline(
      recent.map(({ good }) => good),
      width,
    )}  ${some(all.errors, 'error')}, ${count(all.dropped)} dropped`,
    `  p99       ${ms(second.latencyMs?.p99 ?? 0).padStart(9)}  ${sparkline(p99s, width)}  at most ${ms(Math.max(...p99s))}`,
    `  so far    ${latency === undefined ? 'no answer' : percentiles(latency)}`,
    ...(all.errors === 0
      ? []
      : [
          `  answers   ${answerRows(answers)
            .map(([what, times]) => `${what}: ${count(times)}`)
            .join(', ')}`,
        ]),
  ];
}

const podLines = (sample: Sample | undefined): string[] => podParts(sample).map((part) => `  pods      ${part}`);

const podParts = (sample: Sample | undefined): string[] =>
  (sample?.pods ?? []).map(
    ({ name, ready, wanted, cpuPercent, targetPercent }) =>
      `${name} ${ready} of ${wanted} ready, CPU ${percent(cpuPercent)} (target ${percent(targetPercent)})`,
  );

const bars = '▁▂▃▄▅▆▇█';

/** The last values as bars, from 0 to the highest of them. */
export function sparkline(values: readonly number[], width: number): string {
  const highest = Math.max(...values, Number.MIN_VALUE);
  return values
    .slice(-width)
    .map((value) => bars[Math.min(bars.length - 1, Math.floor((value / highest) * bars.length))])
    .join('')
    .padEnd(width);
}
