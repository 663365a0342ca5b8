import { figure } from '../report/chart.svg.ts';
import type { Happening, Panel, Point, Series, Tone } from '../report/chart.svg.ts';
import type { Markup } from '../report/markup.ts';
import { headline } from './report.text.ts';
import type { LoadResult } from './result.ts';
import { podStory, scaledNames, usedNames } from './words.ts';

/** The run as a picture: answers, latency, pods and what they use over one time. */
export function picture(result: LoadResult): Markup {
  const chart = {
    description: `Answers, latency and what the system used over time. ${headline(result)}`,
    seconds: result.seconds,
    panels: [...loadPanels(result), ...podPanels(result), ...usagePanels(result)],
    happenings: happenings(result),
  };
  return figure(chart, caption(result));
}

function caption({ loadSeconds, seconds, samples }: LoadResult): string {
  const pods = scaledNames(samples).map((name) => `${name}: ${podStory(samples, name)}`);
  const after = seconds - loadSeconds > 5 ? `, and another ${Math.round(seconds - loadSeconds)} s without load` : '';
  return [
    `${Math.round(loadSeconds)} s of load${after}`,
    ...(pods.length === 0 ? [] : [`Pods ready: ${pods.join('; ')}`]),
  ].join('. ');
}

/** Where each stage begins, and the time without load. */
function happenings({ stages, loadSeconds, seconds }: LoadResult): Happening[] {
  let end = 0;
  const begun = stages.map(({ name, seconds: length }): Happening => {
    const from = end;
    end += length;
    return { from, to: from, label: name, tone: 'calm' };
  });
  const after: Happening = { from: loadSeconds, to: seconds, label: 'no load', tone: 'calm' };
  return [...begun.filter(({ from }) => from < loadSeconds), ...(seconds - loadSeconds > 5 ? [after] : [])];
}

function loadPanels({ timeline }: LoadResult): Panel[] {
  const points = (value: (second: LoadResult['timeline'][number]) => number | undefined): Point[] =>
    timeline.flatMap((each) => {
      const at = value(each);
      return at === undefined ? [] : [[each.second + 0.5, at] as const];
    });
  const counts: Series[] = [
    { name: 'due', tone: 'calm', shape: 'step', points: points(({ due }) => due) },
    { name: 'answered well', tone: 'good', shape: 'area', points: points(({ good }) => good) },
    { name: 'errors', tone: 'bad', shape: 'line', points: points(({ errors }) => errors) },
    ...(timeline.every(({ dropped }) => dropped === 0)
      ? []
      : [{ name: 'dropped', tone: 'warn', shape: 'line', points: points(({ dropped }) => dropped) } as const]),
  ];
  const latency = (['p99', 'p95', 'p50'] as const).map((share, index): Series => ({
    name: share,
    tone: (['warn', 'accent', 'info'] as const)[index]!,
    shape: 'line',
    points: points(({ latencyMs }) => latencyMs?.[share]),
  }));
  return [
    { title: 'requests per second', series: counts },
    { title: 'latency (ms)', series: latency },
  ];
}

const tones: readonly Tone[] = ['accent', 'info', 'good', 'warn', 'bad', 'calm'];

function podPanels({ samples }: LoadResult): Panel[] {
  const names = scaledNames(samples);
  if (names.length === 0) return [];
  const seriesOf = (
    shape: Series['shape'],
    value: (pods: LoadResult['samples'][number]['pods'][number]) => number | null,
  ) =>
    names.map((name, index): Series => {
      const points = samples.flatMap(({ seconds, pods }) => {
        const own = pods.find((each) => each.name === name);
        const at = own === undefined ? null : value(own);
        return at === null ? [] : [[seconds, at] as const];
      });
      return { name, tone: tones[index % tones.length]!, shape, points };
    });
  const aim = samples.flatMap(({ seconds, pods }) => {
    const target = pods[0]?.targetPercent ?? null;
    return target === null ? [] : [[seconds, target] as const];
  });
  return [
    { title: 'pods that take requests', series: seriesOf('step', ({ ready }) => ready), top: 3 },
    {
      title: 'CPU as the autoscaler sees it (% of what pods request)',
      series: [
        ...seriesOf('step', ({ cpuPercent }) => cpuPercent),
        { name: 'target', tone: 'calm', shape: 'line', points: aim },
      ],
      top: 100,
    },
  ];
}

function usagePanels({ samples }: LoadResult): Panel[] {
  const names = usedNames(samples);
  if (names.length === 0) return [];
  const series = names.map((name, index): Series => {
    const points = samples.flatMap(({ seconds, usage }) => {
      const own = usage.find((each) => each.name === name);
      return own === undefined ? [] : [[seconds, own.cpuMillicores] as const];
    });
    return { name, tone: tones[index % tones.length]!, shape: 'line', points };
  });
  return [{ title: 'CPU (thousandths of a core)', series }];
}
