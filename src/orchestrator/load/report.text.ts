import { alignColumns } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { verdictOf } from './result.ts';
import type { LoadResult } from './result.ts';
import type { Group } from './tally.ts';
import { count, measuredValue, ms, perSecond, podStory, scaledNames, some, usedNames } from './words.ts';

type Screen = Pick<Terminal, 'paint'>;

/** The verdict in a sentence. */
export function headline({ interrupted, all, rate, loadSeconds, thresholds }: LoadResult): string {
  const broken = thresholds.filter((each) => !each.pass).map(({ threshold }) => threshold);
  const kept = `all thresholds kept${interrupted ? ' so far' : ''}`;
  const verdict = broken.length === 0 ? kept : `not kept: ${broken.join(', ')}`;
  const span = `${count(Math.round(loadSeconds))} s${interrupted ? ', stopped before its end' : ''}`;
  return `${some(all.due, 'request')} in ${span}: ${perSecond(rate)} answered well, ${some(all.errors, 'error')}; ${verdict}`;
}

/** What `load` prints for people at its end. */
export function textReport(result: LoadResult, screen: Screen): string[] {
  const { all, endpoints, stages, answers, thresholds, warnings } = result;
  const sections = [
    [`${marks(screen)[verdictOf(result)]}  ${headline(result)}`],
    table(
      screen,
      ['', 'REQUESTS', 'ERRORS', 'DROPPED', 'P50', 'P95', 'P99', 'MAX'],
      [
        groupRow('all', all),
        ...endpoints.map((group) => groupRow(group.name, group)),
        ...(stages.length < 2
          ? []
          : stages.map((group, index) => groupRow(`stage ${index + 1}, ${group.name}`, group))),
      ],
    ),
    table(
      screen,
      ['ANSWER', 'TIMES'],
      answerRows(answers).map(([what, times]) => [what, count(times)]),
    ),
    table(
      screen,
      ['THRESHOLD', 'MEASURED', ''],
      thresholds.map((each) => [each.threshold, measuredValue(each), each.pass ? 'pass' : 'FAIL']),
    ),
    table(
      screen,
      ['PODS', 'READY'],
      scaledNames(result.samples).map((name) => [name, podStory(result.samples, name)]),
    ),
    table(screen, ['USED AT MOST', 'CPU', 'MEMORY'], usageRows(result)),
    warnings.map((line) => `${screen.paint('yellow', 'note:')} ${line}`),
  ];
  return sections.filter((lines) => lines.length > 0).flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
}

const marks = ({ paint }: Screen) => ({
  pass: paint('green', 'pass'),
  fail: paint('red', 'FAIL'),
  stopped: paint('yellow', 'stopped'),
});

export const answerRows = (answers: Readonly<Record<string, number>>): [what: string, times: number][] =>
  Object.entries(answers).toSorted(([, a], [, b]) => b - a);

/** Of each part the most that it used at one look. */
export function usageRows({ samples }: Pick<LoadResult, 'samples'>): string[][] {
  return usedNames(samples).map((name) => {
    const own = samples.flatMap(({ usage }) => usage.filter((each) => each.name === name));
    const most = (field: 'cpuMillicores' | 'memoryBytes'): number => Math.max(...own.map((each) => each[field]));
    return [name, `${count(most('cpuMillicores'))} m`, `${count(Math.round(most('memoryBytes') / 2 ** 20))} MiB`];
  });
}

function groupRow(name: string, { due, errors, dropped, latencyMs }: Group): string[] {
  const times =
    latencyMs === undefined
      ? ['-', '-', '-', '-']
      : [latencyMs.p50, latencyMs.p95, latencyMs.p99, latencyMs.max].map(ms);
  return [name, count(due), count(errors), count(dropped), ...times];
}

function table(screen: Screen, header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const [head = '', ...lines] = alignColumns([header, ...rows]);
  return [screen.paint('bold', head), ...lines];
}
