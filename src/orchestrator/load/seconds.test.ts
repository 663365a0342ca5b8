import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latencyOf, recordLatency } from './latency.ts';
import { openSeconds } from './seconds.ts';

test('the distribution of durations is exact to a thousandth, from microseconds to minutes', () => {
  for (const scale of [0.01, 1, 100]) {
    const recorder = recordLatency();
    for (let value = 1; value <= 1000; value += 1) recorder.record(value * scale);
    const read = recorder.read();
    assert.ok(read);
    for (const [share, expected] of [
      ['p50', 500],
      ['p95', 950],
      ['p99', 990],
      ['max', 1000],
    ] as const) {
      assert.ok(Math.abs(read[share] / (expected * scale) - 1) <= 0.002, `${share} of ${scale}: ${read[share]}`);
    }
  }
  assert.equal(recordLatency().read(), undefined);
});

test('the same of a few values is exact', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  assert.deepEqual(latencyOf(values), { p50: 100, p95: 190, p99: 198, max: 200 });
  assert.deepEqual(latencyOf([7]), { p50: 7, p95: 7, p99: 7, max: 7 });
  assert.equal(latencyOf([]), undefined);
});

test('a second keeps its figures when it is long over, and one without requests is there, too', () => {
  const seconds = openSeconds();
  const answer = (dueMs: number, ms: number): void => {
    const tally = seconds.at(dueMs);
    tally.due += 1;
    tally.latency.record(ms);
  };
  answer(100, 5);
  answer(900, 15);
  answer(2_100, 7);
  answer(500_000, 9);
  seconds.at(500_001).due += 1;
  seconds.at(500_001).errors += 1;
  const all = seconds.readAll();
  assert.equal(all.length, 501);
  assert.deepEqual(all[0], {
    second: 0,
    due: 2,
    errors: 0,
    dropped: 0,
    good: 2,
    latencyMs: { p50: 5, p95: 15, p99: 15, max: 15 },
  });
  assert.deepEqual(all[1], { second: 1, due: 0, errors: 0, dropped: 0, good: 0 });
  assert.equal(all[2]?.latencyMs?.max, 7);
  assert.deepEqual([all[500]?.due, all[500]?.good, all[500]?.errors], [2, 1, 1]);
});
