import assert from 'node:assert/strict';
import { test } from 'node:test';
import { htmlReport } from './report.html.ts';
import { textReport } from './report.text.ts';
import { createResult } from './result.ts';
import type { LoadResult, Told } from './result.ts';
import type { Loaded } from './run.ts';
import type { Sample } from './samples.ts';
import { parseStages } from './stages.ts';
import { parseThresholds } from './thresholds.ts';

const latencyMs = { p50: 3, p95: 12, p99: 40, max: 1234.5 };
const all = { name: 'all', due: 1000, errors: 3, dropped: 5, latencyMs };
const loaded: Loaded = {
  all,
  endpoints: [{ ...all, name: 'POST /api/billing' }],
  stages: [
    { ...all, name: '50/s' },
    { ...all, name: '50 to 150/s' },
  ],
  seconds: [{ second: 0, due: 50, errors: 0, dropped: 0, good: 50, latencyMs }],
  answers: { '503 queue_full': 3, '200': 992 },
  loadSeconds: 10,
  generator: { lateMs: { p50: 1, p95: 2, p99: 2, max: 9 }, busyPercent: 12 },
};

/** As an autoscaler does it: one pod, three under load, one after it. */
const ready = [1, 1, 3, 3, 2, 1];
const samples = ready.map((pods, index): Sample => {
  const common = { min: 1, cpuPercent: pods * 50, targetPercent: 60 };
  return {
    seconds: index * 30,
    pods: [
      { name: 'api-gateway', ready: pods, wanted: pods, ...common },
      { name: 'inventory-app', ready: 1, wanted: 1, ...common },
    ],
    usage: [{ name: 'api-gateway', cpuMillicores: pods * 60, memoryBytes: 100 * 2 ** 20 }],
  };
});

const told: Told = {
  system: 'cluster <test>',
  started: new Date('2026-03-01T12:00:00Z'),
  mix: 'mixed',
  interrupted: false,
  thresholds: parseThresholds(['replicas.max>=3', 'replicas.end<=1', 'p99<50ms']),
  samples,
  missed: 0,
  seconds: 160,
  orders: { confirmed: 500, stored: 500, lost: 0 },
  rows: { orders: 500, movies: 250, removed: true },
};

const create = (change: Partial<Told> = {}, other: Partial<Loaded> = {}): LoadResult =>
  createResult({ ...loaded, ...other }, parseStages('5s:50,5s:50-150'), { ...told, ...change });

const plain = { paint: (_: unknown, text: string) => text };

test('pods are counted over time, and held against thresholds', () => {
  const result = create();
  assert.deepEqual([result.pass, result.dueRate, result.rate], [true, 100, 99.2]);
  assert.deepEqual(
    result.thresholds.map(({ threshold, value }) => [threshold, value]),
    [
      ['replicas.max>=3', 3],
      ['replicas.end<=1', 1],
      ['p99<50ms', 40],
      ['errors<1%', 0.3],
      ['dropped<1%', 0.5],
      ['lost orders<=0', 0],
    ],
  );
  assert.equal(create({ samples: samples.slice(0, 4) }).pass, false);
  assert.equal(create({ samples: [] }).thresholds[0]?.value, null);
});

test('the text tells requests, answers, thresholds, pods and what they used', () => {
  const lines = textReport(create(), plain);
  assert.equal(lines[0], 'pass  1,000 requests in 10 s: 99/s answered well, 3 errors; all thresholds kept');
  for (const line of [
    /^all +1,000 +3 +5 +3\.0 ms +12 ms +40 ms +1,235 ms$/,
    /^stage 2, 50 to 150\/s +1,000 /,
    /^200 +992$/,
    /^replicas\.max>=3 +3 +pass$/,
    /^api-gateway +1, from 60 s 3, from 120 s 2, from 150 s 1$/,
    /^api-gateway +180 m +100 MiB$/,
  ]) {
    assert.ok(
      lines.some((each) => line.test(each)),
      `${String(line)} in\n${lines.join('\n')}`,
    );
  }
  const rowOf = (start: string): number => lines.findIndex((line) => line.startsWith(start));
  assert.ok(rowOf('200 ') < rowOf('503 queue_full '), 'the most frequent answer comes first');
});

test('the page has a panel for each of them, and what is written in it is escaped', () => {
  const html = htmlReport(create(), "./orchestrator.sh load --threshold 'p99<50ms'");
  for (const part of [
    'requests per second',
    'latency (ms)',
    'pods that take requests',
    'as the autoscaler sees it',
    'thousandths of a core',
  ]) {
    assert.ok(html.includes(part), part);
  }
  assert.ok(html.includes('cluster &lt;test&gt;') && html.includes('&#39;p99&lt;50ms&#39;'));
  assert.match(html, /no load: 10\.0 s to 160\.0 s/);
  assert.doesNotMatch(html, /NaN|undefined|https?:/);
});

test('what is to be known about the figures is told', () => {
  assert.match(create().warnings.join(), /^5 requests that were due were not sent/);
  const late = { lateMs: { p50: 1, p95: 20, p99: 30, max: 90 }, busyPercent: 95 };
  assert.match(
    create({}, { generator: late }).warnings[0] ?? '',
    /^the generator was the limit: requests left up to 30 ms late/,
  );
  assert.match(create({ missed: 2 }).warnings.at(-1) ?? '', /told 2 times of 8 not/);
  const waiting = create({ orders: { confirmed: 500, stored: 20, lost: undefined } });
  assert.match(waiting.warnings.at(-1) ?? '', /^20 of 500 confirmed orders were stored/);
  assert.ok(waiting.thresholds.every(({ threshold }) => !threshold.startsWith('lost')));
  const left = create({ rows: { orders: 0, movies: 0, removed: false, problem: 'the database is away' } });
  assert.match(textReport(left, plain).at(-1) ?? '', /^note: .*load --clean\): the database is away$/);
});

test('a load that was stopped has not passed, and has failed only where something was broken', () => {
  const stopped = create({ interrupted: true });
  assert.equal(stopped.pass, false);
  assert.match(
    textReport(stopped, plain)[0] ?? '',
    /^stopped {2}.*stopped before its end: .*all thresholds kept so far$/,
  );
  assert.match(htmlReport(stopped, 'again'), /<strong>Stopped<\/strong>/);
  const broken = create({ interrupted: true, samples: samples.slice(0, 1) });
  assert.match(textReport(broken, plain)[0] ?? '', /^FAIL {2}.*not kept: replicas\.max>=3$/);
  assert.match(htmlReport(broken, 'again'), /<strong>Fail<\/strong>/);
});

test('a load of which nothing is known is told all the same', () => {
  const none = { name: 'all', due: 0, errors: 0, dropped: 0 };
  const nothing: Partial<Loaded> = {
    all: none,
    endpoints: [],
    stages: [none, none],
    seconds: [],
    answers: {},
    loadSeconds: 0,
  };
  const generator = { lateMs: undefined, busyPercent: 0 };
  const result = create({ samples: [], orders: undefined, interrupted: true, seconds: 0 }, { ...nothing, generator });
  assert.equal(result.pass, false);
  assert.match(textReport(result, plain)[0] ?? '', /^FAIL {2}0 requests in 0 s, stopped before its end/);
  assert.doesNotMatch(htmlReport(result, 'again'), /NaN|undefined|Infinity/);
});
