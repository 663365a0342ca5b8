import type { Markup } from '../report/markup.ts';
import { markup } from '../report/markup.ts';
import { badge, page, section, table, typed } from '../report/page.html.ts';
import { picture } from './report.chart.ts';
import { answerRows, headline, usageRows } from './report.text.ts';
import { verdictOf } from './result.ts';
import type { LoadResult } from './result.ts';
import type { Group } from './tally.ts';
import { measuredValue, ms, podStory, scaledNames, some } from './words.ts';

/** The report as one page that needs nothing else. @param command what it takes to do it again */
export function htmlReport(result: LoadResult, command: string): string {
  return page({
    title: 'Load',
    verdict: verdictOf(result),
    headline: headline(result),
    facts: [
      ['System', result.system],
      ['Started', result.started.replace('T', ' ').replace(/\..*/, ' UTC')],
      ['Mix', result.mix],
      ['Again', typed(command)],
    ],
    body: [
      ...result.warnings.map((warning) => markup`<p class="warning">${warning}</p>`),
      section('Over time', picture(result)),
      section('Thresholds', thresholdTable(result)),
      section('Latency', latencyTable(result)),
      section(
        'Answers',
        table({ caption: 'How often each answer came', head: ['Answer', 'Times'], rows: answerRows(result.answers) }),
      ),
      ...podSection(result),
      section('The load itself', generatorTable(result)),
    ],
  });
}

function thresholdTable({ thresholds }: LoadResult): Markup {
  return table({
    caption: 'What the run had to keep',
    head: ['Threshold', 'Measured', 'Verdict'],
    rows: thresholds.map((each) => [
      each.threshold,
      measuredValue(each),
      each.pass ? badge('pass', 'kept') : badge('fail', 'not kept'),
    ]),
  });
}

function latencyTable({ all, endpoints, stages }: LoadResult): Markup {
  const row = (name: string, { due, errors, dropped, latencyMs }: Group) => [
    name,
    due,
    errors,
    dropped,
    ...(['p50', 'p95', 'p99', 'max'] as const).map((share) => (latencyMs === undefined ? '-' : ms(latencyMs[share]))),
  ];
  return table({
    caption: 'From the moment at which a request was due to the end of its answer, whatever the answer was',
    head: ['', 'Requests', 'Errors', 'Dropped', 'p50', 'p95', 'p99', 'Longest'],
    rows: [
      row('all', all),
      ...endpoints.map((group) => row(group.name, group)),
      ...(stages.length < 2 ? [] : stages.map((group, index) => row(`stage ${index + 1}, ${group.name}`, group))),
    ],
  });
}

function podSection(result: LoadResult): Markup[] {
  const pods = scaledNames(result.samples).map((name) => [name, podStory(result.samples, name)]);
  const usage = usageRows(result);
  if (pods.length + usage.length === 0) return [];
  return [
    section(
      'The system',
      ...(pods.length === 0
        ? []
        : [table({ caption: 'Pods that took requests', head: ['Workload', 'Ready'], rows: pods })]),
      ...(usage.length === 0
        ? []
        : [
            table({
              caption: 'The most that was used at one look',
              head: ['Part', 'CPU (1,000 m is a core)', 'Memory'],
              rows: usage,
            }),
          ]),
    ),
  ];
}

function generatorTable({ generator: { lateMs, busyPercent }, dueRate, rate, orders, rows }: LoadResult): Markup {
  return table({
    caption: 'How it was sent, and what became of its data',
    head: ['', ''],
    rows: [
      ['due, and answered well, per second', `${dueRate}, ${rate}`],
      ['sent after it was due', lateMs === undefined ? '-' : `p99 ${ms(lateMs.p99)}, at most ${ms(lateMs.max)}`],
      ['the sending process was at work', `${busyPercent} % of the time`],
      ...(orders === undefined ? [] : [['orders confirmed, and stored', `${orders.confirmed}, ${orders.stored}`]]),
      [
        rows.removed ? 'removed afterwards' : 'left there',
        `${some(rows.orders, 'order')}, ${some(rows.movies, 'movie')}`,
      ],
    ],
  });
}
