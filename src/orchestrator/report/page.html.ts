import { markup } from './markup.ts';
import type { Markup } from './markup.ts';
import { style } from './page.style.ts';

export type Verdict = 'pass' | 'fail';

export interface Page {
  title: string;
  /** `stopped` when it was ended before there was a verdict. */
  verdict: Verdict | 'stopped';
  /** The verdict in a sentence. */
  headline: string;
  /** What was looked at, when, and how to do it again: pairs of a name and a value. */
  facts: readonly (readonly [name: string, value: string | Markup])[];
  /** Sections, tables, figures. */
  body: readonly Markup[];
}

const words = { pass: 'Pass', fail: 'Fail', stopped: 'Stopped' } as const satisfies Record<Page['verdict'], string>;

/** A page in one file: it loads nothing, so that it can be kept, sent and opened anywhere. */
export function page({ title, verdict, headline, facts, body }: Page): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
<header>
<h1>${title}</h1>
<p class="headline ${verdict}"><strong>${words[verdict]}</strong> ${headline}</p>
<dl>${facts.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</header>
${body}
</main>
</body>
</html>
`.text;
}

/** A part of a page with its heading. */
export function section(heading: string, ...content: readonly Markup[]): Markup {
  return markup`<section>
<h2>${heading}</h2>
${content}
</section>
`;
}

/** How a cell reads: figures stand right-aligned, a verdict has its colour. */
export type Cell = string | number | Markup;

export interface Table {
  caption: string;
  head: readonly string[];
  rows: readonly (readonly Cell[])[];
}

export function table({ caption, head, rows }: Table): Markup {
  const isColumnOfFigures = head.map((_, column) => rows.every((row) => isFigure(row[column])));
  const heading = (name: string, column: number): Markup =>
    markup`<th scope="col"${isColumnOfFigures[column] ? rightAligned : undefined}>${name}</th>`;
  const cell = (value: Cell, column: number): Markup =>
    markup`<td${isColumnOfFigures[column] ? rightAligned : undefined}>${typeof value === 'number' ? value.toLocaleString('en') : value}</td>`;
  return markup`<div class="scroll"><table>
<caption>${caption}</caption>
<thead><tr>${head.map(heading)}</tr></thead>
<tbody>
${rows.map((row) => markup`<tr>${row.map(cell)}</tr>\n`)}</tbody>
</table></div>
`;
}

const rightAligned = markup` class="number"`;

/** A number, or one in words: `1,234`, `12 ms`, `0.5 %`. */
const isFigure = (value: Cell | undefined): boolean =>
  typeof value === 'number' || (typeof value === 'string' && /^(?:[\d.,]+(?: ?[a-zA-Z%/]+)?|-)$/.test(value));

/** What can be typed. */
export const typed = (text: string): Markup => markup`<code>${text}</code>`;

/** A word in the colour of what it says. */
export function badge(tone: Verdict | 'neutral', text: string): Markup {
  return markup`<span class="badge ${tone}">${text}</span>`;
}
