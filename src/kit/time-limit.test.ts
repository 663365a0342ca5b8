import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { collectGarbage } from './garbage.ts';
import { createTimeLimit } from './time-limit.ts';

test('each wait ends after its time, in the order in which they began, but for those that were stopped', async () => {
  const limit = createTimeLimit(300);
  const ended: Array<[name: string, afterMs: number]> = [];
  const start = (name: string): ReturnType<typeof limit.start> => {
    const startedMs = performance.now();
    return limit.start(() => ended.push([name, performance.now() - startedMs]));
  };
  start('first');
  limit.stop(start('stopped'));
  await delay(150);
  start('second');
  await delay(2000);
  assert.deepEqual(
    ended.map(([name]) => name),
    ['first', 'second'],
  );
  for (const [name, afterMs] of ended) assert.ok(afterMs >= 300, `${name} ended after ${afterMs} ms`);
});

test('what a wait that ended starts or stops is heeded', async () => {
  const limit = createTimeLimit(50);
  let ended = 0;
  limit.start(() => {
    limit.stop(next);
    limit.start(() => (ended += 1));
  });
  const next = limit.start(() => assert.fail('it was stopped'));
  await delay(1000);
  assert.equal(ended, 1);
});

test('a wait that is over is forgotten at once, whatever began before and after it', async () => {
  const limit = createTimeLimit(600_000);
  // In a function of its own, whose variables hold nothing any more when it has returned.
  const start = () => {
    const targets = Array.from({ length: 5 }, () => ({}));
    const waits = targets.map((target) => limit.start(() => target));
    for (const at of [0, 2, 2, 4]) limit.stop(waits[at]!);
    return { kept: targets.map((target) => new WeakRef(target)), rest: [waits[1]!, waits[3]!] };
  };
  const { kept, rest } = start();
  await delay(1);
  collectGarbage();
  assert.deepEqual(
    kept.map((each) => each.deref() !== undefined),
    [false, true, false, true, false],
  );
  rest.forEach(limit.stop);
});
