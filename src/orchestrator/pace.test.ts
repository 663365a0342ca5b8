import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { dueAfter, dueTime, keepPace } from './pace.ts';
import type { Stage } from './pace.ts';

const constant = (seconds: number, rate: number): Stage => ({ durationMs: seconds * 1000, from: rate, to: rate });
const never = new AbortController().signal;

test('as many are due as the rate says, the first one at once', () => {
  const stages = [constant(10, 50)];
  assert.deepEqual(
    [0, 1, 20, 21, 1000, 10_000, 99_000].map((ms) => dueAfter(stages, ms)),
    [0, 1, 1, 2, 50, 500, 500],
  );
});

test('a stage may rise and fall, and every request has its own time', () => {
  const stages: Stage[] = [
    { durationMs: 10_000, from: 0, to: 100 },
    constant(5, 100),
    { durationMs: 4000, from: 100, to: 20 },
  ];
  const all = 500 + 500 + 240;
  assert.equal(dueAfter(stages, 19_000), all);
  assert.equal(dueAfter(stages, 5000), 125);
  let last = -1;
  for (let number = 0; number < all; number += 1) {
    const ms = dueTime(stages, number);
    assert.ok(ms > last && ms < 19_000, `request ${number} at ${ms} ms after one at ${last} ms`);
    assert.ok(Math.abs(dueAfter(stages, ms + 1e-6) - (number + 1)) <= 1, `request ${number}`);
    last = ms;
  }
});

test('a stage of no requests passes', () => {
  const stages = [constant(1, 10), constant(1, 0), constant(1, 10)];
  assert.equal(dueAfter(stages, 2000), 10);
  assert.equal(dueTime(stages, 10), 2000);
});

test('slow answers do not lower the rate', async () => {
  const dues: number[] = [];
  const startMs = performance.now();
  const send = async (_number: number, dueMs: number): Promise<void> => {
    dues.push(dueMs - startMs);
    await delay(600);
  };
  const paced = await keepPace({ stages: [constant(0.5, 200)], maxInFlight: 1000, send, signal: never });
  assert.deepEqual(paced, { sent: 100, dropped: 0 });
  assert.ok(Math.abs(dues[99]! - dues[0]! - 495) < 1e-6);
});

test('what cannot be sent for want of answers is counted', async () => {
  const send = (): Promise<void> => delay(600);
  const paced = await keepPace({ stages: [constant(0.5, 200)], maxInFlight: 10, send, signal: never });
  assert.deepEqual(paced, { sent: 10, dropped: 90 });
});

test('it ends after so many requests, or at a signal, with all answers', async () => {
  let answered = 0;
  const send = async (): Promise<void> => {
    await delay(50);
    answered += 1;
  };
  assert.equal(
    (await keepPace({ stages: [constant(60, 1000)], requests: 25, maxInFlight: 99, send, signal: never })).sent,
    25,
  );
  assert.equal(answered, 25);
  const { sent } = await keepPace({
    stages: [constant(60, 100)],
    maxInFlight: 99,
    send,
    signal: AbortSignal.timeout(200),
  });
  assert.ok(sent > 0 && sent < 6000);
  assert.equal(answered, 25 + sent);
});
