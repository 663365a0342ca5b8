import { markup } from './markup.ts';
import type { Markup } from './markup.ts';
import { niceSteps, thin } from './chart.scale.ts';

/** The meaning of a colour; the page gives it one that fits its light. */
export type Tone = 'good' | 'bad' | 'warn' | 'info' | 'accent' | 'calm';

export type Point = readonly [seconds: number, value: number];

export interface Series {
  name: string;
  tone: Tone;
  /** `line` joins the points, `area` fills what is below, `step` keeps a value until the next point. */
  shape: 'line' | 'area' | 'step';
  /** Ordered by time. */
  points: readonly Point[];
}

/** One quantity over time; each panel has a scale of its own. */
export interface Panel {
  title: string;
  series: readonly Series[];
  /** The scale goes up to here at least. */
  top?: number;
}

/** Something that happened: a stretch of time, or a moment where `to` is `from`. */
export interface Happening {
  from: number;
  to: number;
  label: string;
  tone: 'warn' | 'calm';
}

export interface Chart {
  /** What the picture shows, for those who cannot see it. */
  description: string;
  seconds: number;
  panels: readonly Panel[];
  happenings: readonly Happening[];
}

const width = 960;
const left = 56;
const right = 944;
const panelHeight = 132;
const panelGap = 40;
const laneHeight = 15;
const axisHeight = 34;
const maxLanes = 4;

/** Beyond what the eye tells apart at this width. */
const maxPoints = 900;

/** A figure with panels one below the other, over one time axis, and what happened as bands through all of them. */
export function figure({ description, seconds, panels, happenings }: Chart, caption: string): Markup {
  const span = Math.max(seconds, 1);
  const x = (at: number): number => left + (Math.min(Math.max(at, 0), span) / span) * (right - left);
  const labels = placeLabels(happenings, x);
  const lanes = Math.max(0, ...labels.map(({ lane }) => lane + 1));
  const first = lanes * laneHeight + 26;
  const bottom = first + panels.length * (panelHeight + panelGap) - panelGap;
  return markup`<figure>
<div class="scroll"><svg viewBox="0 0 ${width} ${bottom + axisHeight}" role="img" aria-label="${description}">
<title>${description}</title>
${happenings.map((happening) => drawHappening(happening, x, bottom))}
${labels.map(({ text, at, lane }) => markup`<text x="${round(at)}" y="${(lane + 1) * laneHeight - 3}">${text}</text>\n`)}
${panels.map((panel, index) => drawPanel(panel, x, first + index * (panelHeight + panelGap)))}
${drawTimeAxis(span, x, bottom)}
</svg></div>
<figcaption>${caption}</figcaption>
</figure>
`;
}

const round = (value: number): number => Math.round(value * 10) / 10;

function drawHappening({ from, to, label, tone }: Happening, x: (at: number) => number, bottom: number): Markup {
  const [start, end] = [round(x(from)), round(x(to))];
  const title = markup`<title>${label}: ${from.toFixed(1)} s${to > from ? ` to ${to.toFixed(1)} s` : ''}</title>`;
  return markup`<g>${title}<rect class="band ${tone}" x="${start}" y="0" width="${Math.max(1.5, end - start)}" height="${bottom}"/>
<line class="mark ${tone}" x1="${start}" x2="${start}" y1="0" y2="${bottom}"/></g>
`;
}

interface Label {
  text: string;
  at: number;
  lane: number;
}

/** Names beside their marks where there is room, in a few lanes; a name that finds none is in the mark's title only. */
function placeLabels(happenings: readonly Happening[], x: (at: number) => number): Label[] {
  const free = Array<number>(maxLanes).fill(-Infinity);
  return happenings.flatMap(({ from, label }) => {
    const length = label.length * 5.6 + 8;
    const at = Math.min(x(from) + 3, width - length);
    const lane = free.findIndex((end) => end <= at);
    if (lane < 0) return [];
    free[lane] = at + length;
    return [{ text: label, at, lane }];
  });
}

function drawPanel({ title, series, top = 0 }: Panel, x: (at: number) => number, y0: number): Markup {
  const highest = series.reduce(
    (max, { points }) => points.reduce((most, [, value]) => Math.max(most, value), max),
    top,
  );
  const steps = niceSteps(highest, 4);
  const scale = steps.at(-1) || 1;
  const base = y0 + panelHeight;
  const y = (value: number): number => base - (Math.max(value, 0) / scale) * panelHeight;
  let legend = left + title.length * 7 + 20;
  const keys = series.map(({ name, tone }) => {
    const at = legend;
    legend += name.length * 6.2 + 26;
    return markup`<circle class="dot ${tone}" cx="${round(at)}" cy="${y0 - 12}" r="4"/><text x="${round(at + 8)}" y="${y0 - 8}">${name}</text>
`;
  });
  return markup`<g>
<text class="name" x="${left}" y="${y0 - 8}">${title}</text>
${keys}${steps.map(
    (
      step,
    ) => markup`<line class="grid" x1="${left}" x2="${right}" y1="${round(y(step))}" y2="${round(y(step))}"/><text x="${left - 6}" y="${round(y(step)) + 4}" text-anchor="end">${step.toLocaleString('en')}</text>
`,
  )}${series.map((one) => drawSeries(one, x, y, base))}</g>
`;
}

function drawSeries(
  { tone, shape, points }: Series,
  x: (at: number) => number,
  y: (value: number) => number,
  base: number,
) {
  const [start, ...others] = thin(points, maxPoints).map(([at, value]) => [round(x(at)), round(y(value))] as const);
  if (start === undefined) return undefined;
  const go = ([px, py]: readonly [number, number]): string => (shape === 'step' ? `H${px}V${py}` : `L${px} ${py}`);
  const path = `M${start[0]} ${start[1]}${others.map(go).join('')}`;
  const end = others.at(-1) ?? start;
  const area =
    shape === 'area'
      ? markup`<path class="fill ${tone}" d="${path}L${end[0]} ${base}L${start[0]} ${base}Z"/>`
      : undefined;
  return markup`${area}<path class="series ${tone}" d="${path}"/>
`;
}

function drawTimeAxis(span: number, x: (at: number) => number, bottom: number): Markup {
  const inMinutes = span > 300;
  const steps = niceSteps(inMinutes ? span / 60 : span, 8).map((step) => (inMinutes ? step * 60 : step));
  const ticks = steps
    .filter((step) => step <= span)
    .map((step) => {
      const at = round(x(step));
      const text = inMinutes ? `${round(step / 60)} min` : `${step} s`;
      return markup`<line class="axis" x1="${at}" x2="${at}" y1="${bottom}" y2="${bottom + 5}"/><text x="${at}" y="${bottom + 18}" text-anchor="middle">${text}</text>
`;
    });
  return markup`<line class="axis" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>${ticks}`;
}
