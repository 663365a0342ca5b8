import assert from 'node:assert/strict';
import { test } from 'node:test';
import { done, notYet, until } from './wait.ts';

test('a wait ends with the value, after as many looks as it takes', async () => {
  let looks = 0;
  assert.equal(await until('it', 5_000, () => (++looks === 3 ? done('value') : notYet('no')), { everyMs: 1 }), 'value');
  assert.equal(looks, 3);
});

test('at the deadline a wait fails with the last state seen', async () => {
  let looks = 0;
  const waiting = until('the door opens', 30, () => notYet(`look ${++looks}`), { everyMs: 10 });
  await assert.rejects(
    waiting,
    (error: Error) => error.message === `the door opens: not within 0.03 s; last state: look ${looks}`,
  );
});

test('an error of the probe and an aborted signal end a wait at once', async () => {
  await assert.rejects(
    until('it', 60_000, () => Promise.reject(new Error('broken'))),
    /broken/,
  );
  const controller = new AbortController();
  const waiting = until('it', 60_000, () => notYet('no'), { everyMs: 5, signal: controller.signal });
  controller.abort(new Error('stopped'));
  await assert.rejects(waiting, /stopped/);
});
