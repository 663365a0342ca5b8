import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../failure.ts';
import { durationOf, labelOf, parseDuration, parseRate, parseStages, stageAt } from './stages.ts';

test('stages hold a rate or go from one to another', () => {
  const stages = parseStages('10s:50, 1m:50-400,0.5h:400');
  assert.deepEqual(stages, [
    { durationMs: 10_000, from: 50, to: 50 },
    { durationMs: 60_000, from: 50, to: 400 },
    { durationMs: 1_800_000, from: 400, to: 400 },
  ]);
  assert.deepEqual(stages.map(labelOf), ['50/s', '50 to 400/s', '400/s']);
  assert.equal(durationOf(stages), 1_870_000);
  assert.deepEqual(
    [0, 9_999, 10_000, 69_999, 70_000, 9e9].map((ms) => stageAt(stages, ms)),
    [0, 0, 1, 1, 2, 2],
  );
});

const wrong: readonly (readonly [read: () => unknown, cure: RegExp])[] = [
  ...['', '60', '60s', ':50', '60s:', '60s:fast', '60s:50-', '60s:-50', '10s:50,,10s:50', '60s:50:60'].map(
    (text) => [() => parseStages(text), /60s:400/] as const,
  ),
  [() => parseStages('60:400'), /60 is no duration\. Such as 60s/],
  [() => parseStages('20h:1,20h:1'), /24h/],
  [() => parseStages('60s:0'), /sends nothing/],
  [() => parseStages('60s:1000000'), /up to 50000/],
  ...['', '60', '0s', '-5s', '5 s', 'xs', '25h', '60ms', '1e3s'].map(
    (text) => [() => parseDuration(text), /Such as 60s/] as const,
  ),
  ...['', '-1', 'fast', '1e3', '50001', 'NaN', 'Infinity', '200/s'].map(
    (text) => [() => parseRate(text), /requests per second/] as const,
  ),
];

test('what is no stage, duration or rate is refused with an example of one', () => {
  for (const [read, cure] of wrong) {
    assert.throws(read, (error) => error instanceof UsageError && cure.test(error.message), String(read));
  }
});
