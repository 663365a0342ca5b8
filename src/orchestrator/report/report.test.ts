import assert from 'node:assert/strict';
import { test } from 'node:test';
import { niceSteps, thin } from './chart.scale.ts';
import { figure } from './chart.svg.ts';
import type { Point } from './chart.svg.ts';
import { escape } from './markup.ts';
import { page, section, table } from './page.html.ts';

test('a scale has round steps and holds the highest value', () => {
  assert.deepEqual(niceSteps(100, 4), [0, 50, 100]);
  assert.deepEqual(niceSteps(0.3, 4), [0, 0.1, 0.2, 0.3]);
  assert.deepEqual(niceSteps(1400, 4), [0, 500, 1000, 1500]);
  for (const highest of [1e-6, 0.7, 3, 17, 99.5, 12_345, 1e9]) assert.ok(niceSteps(highest, 4).at(-1)! >= highest);
  assert.deepEqual(niceSteps(0, 4).slice(0, 1), [0]);
});

test('fewer points keep every peak, their order and both ends', () => {
  const points = Array.from({ length: 100_000 }, (_, at): Point => [
    at,
    at === 54_321 ? 9 : at === 77_777 ? -9 : at % 2,
  ]);
  const few = thin(points, 900);
  assert.ok(few.length <= 902, `${few.length}`);
  assert.deepEqual([few[0], few.at(-1)], [points[0], points.at(-1)]);
  for (const peak of [54_321, 77_777]) assert.ok(few.some(([at]) => at === peak));
  assert.deepEqual(
    few,
    few.toSorted((a, b) => a[0] - b[0]),
  );
});

test('what a page is given cannot break out of it, and it loads nothing', () => {
  const evil = `</title><script>alert(1)</script>"'&\u0000`;
  const chart = figure(
    {
      description: evil,
      seconds: 10,
      panels: [{ title: evil, series: [{ name: evil, tone: 'good', shape: 'line', points: [[0, 1]] }] }],
      happenings: [{ from: 1, to: 2, label: evil, tone: 'warn' }],
    },
    evil,
  );
  const body = [section(evil, chart, table({ caption: evil, head: [evil], rows: [[evil, 1234]] }))];
  const html = page({ title: evil, verdict: 'fail', headline: evil, facts: [[evil, evil]], body });
  assert.ok(!html.includes('<script') && !html.includes('\u0000'));
  assert.ok(html.includes(escape(evil)));
  assert.ok(html.includes('1,234'));
  assert.deepEqual(html.match(/(?:src|href)="(?!data:,")[^"]*"|url\(|@import/g), null);
});

test('a picture of nothing, and of things beyond its end, is a picture all the same', () => {
  const happenings = [{ from: -5, to: 99, label: 'long', tone: 'warn' as const }];
  const { text } = figure({ description: 'd', seconds: 0, panels: [{ title: 'p', series: [] }], happenings }, 'c');
  assert.doesNotMatch(text, /NaN|Infinity|undefined/);
});
