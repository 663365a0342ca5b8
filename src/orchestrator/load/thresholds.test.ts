import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../failure.ts';
import { judgeThreshold, needsReplicas, parseThresholds } from './thresholds.ts';
import type { Figures } from './thresholds.ts';

const figures: Figures = {
  latency: { p50: 4, p95: 25, p99: 250, max: 1200 },
  due: 1000,
  errors: 5,
  dropped: 20,
  dueRate: 100,
  rate: 97.5,
  replicas: { max: 3, end: 1 },
};

const judge = (text: string, given = figures) => judgeThreshold(parseThresholds([text])[0]!, given);

test('a threshold is held against what was measured, in its own unit', () => {
  const kept = [
    'p50<5ms',
    'p95<=25ms',
    'p99<0.3s',
    'max<1.5s',
    'errors<1%',
    'errors<=5',
    'dropped<=2%',
    'rate>=97',
    'rate>97/s',
  ];
  const broken = [
    'p50<4ms',
    'p95<25ms',
    'p99<0.2s',
    'max<1s',
    'errors<0.5%',
    'errors<5',
    'dropped<2%',
    'rate>=98',
    'rate>=99%',
  ];
  for (const text of [...kept, 'rate>=97.5%', 'replicas.max>=3', 'replicas.end<=1', ' p95 < 250 ms ']) {
    assert.equal(judge(text).pass, true, text);
  }
  for (const text of [...broken, 'replicas.max>3', 'replicas.end>=2']) assert.equal(judge(text).pass, false, text);
  assert.deepEqual(judge('p99<0.2s'), { threshold: 'p99<0.2s', value: 250, unit: 'ms', pass: false });
  assert.deepEqual(judge('errors<1%'), { threshold: 'errors<1%', value: 0.5, unit: '%', pass: true });
});

test('what was not measured is not kept', () => {
  const nothing: Figures = {
    ...figures,
    latency: undefined,
    due: 0,
    errors: 0,
    dropped: 0,
    dueRate: 0,
    rate: 0,
    replicas: undefined,
  };
  for (const text of ['p95<250ms', 'errors<1%', 'errors<=0', 'dropped<1%', 'rate>=1%', 'replicas.max>=1']) {
    assert.deepEqual([judge(text, nothing).value, judge(text, nothing).pass], [null, false], text);
  }
});

test('errors and dropped requests are looked at whether or not it was asked for', () => {
  assert.deepEqual(
    parseThresholds(['p95<250ms']).map(({ text }) => text),
    ['p95<250ms', 'errors<1%', 'dropped<1%'],
  );
  assert.deepEqual(
    parseThresholds(['errors<=0', 'dropped<=0']).map(({ text }) => text),
    ['errors<=0', 'dropped<=0'],
  );
});

test('pods are counted only for those who ask for them', () => {
  assert.deepEqual(parseThresholds(['replicas.max>=3', 'p95<1s']).map(needsReplicas), [true, false, false, false]);
});

test('what is no threshold is refused with one that is', () => {
  const garbage: readonly (readonly [text: string, cure: RegExp])[] = [
    ...[
      '',
      'p95',
      '<250ms',
      'p95<',
      'p95<<250ms',
      'p95=250ms',
      'p95<-1ms',
      'p95<ms',
      'p95<250ms,errors<1%',
      '{}',
      'p95<1e3ms',
      'p95<NaN',
    ].map((text) => [text, /Such as p95<250ms/] as const),
    ['p95<250', /p95<250ms/],
    ['p99<5%', /p99<250ms/],
    ['errors<5ms', /errors<=5, or errors<1%/],
    ['dropped<5/s', /dropped<=5, or dropped<1%/],
    ['rate>=5ms', /rate>=99%/],
    ['replicas.max>=3%', /replicas\.max>=3/],
    ['p42<1s', /One of: p50, p95/],
    ['toString<1s', /Such as|One of/],
    ['constructor<1s', /One of: p50/],
  ];
  for (const [text, cure] of garbage) {
    assert.throws(
      () => parseThresholds([text]),
      (error) => error instanceof UsageError && cure.test(error.message),
      text,
    );
  }
});
