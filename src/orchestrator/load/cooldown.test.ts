import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coolDown, isAtRest } from './cooldown.ts';
import type { PodCount } from './samples.ts';

const pods = (change: Partial<PodCount>): { seconds: number; pods: PodCount[]; usage: [] } => ({
  seconds: 0,
  pods: [{ name: 'api-gateway', ready: 1, wanted: 1, min: 1, cpuPercent: 3, targetPercent: 60, ...change }],
  usage: [],
});

test('autoscalers are at rest with the fewest pods, and nothing to do', () => {
  assert.equal(isAtRest(pods({})), true);
  assert.equal(isAtRest(pods({ min: 2, ready: 2, wanted: 2 })), true);
  assert.equal(isAtRest(pods({ cpuPercent: null, targetPercent: null })), true);
  for (const change of [{ ready: 3 }, { wanted: 2 }, { ready: 0 }, { cpuPercent: 61 }]) {
    assert.equal(isAtRest(pods(change)), false, JSON.stringify(change));
  }
});

test('a signal ends the wait', async () => {
  const samples = [pods({ ready: 3 })];
  const observer = { samples, missed: 0, stop: async () => undefined };
  let looks = 0;
  await coolDown(observer, AbortSignal.timeout(200), () => (looks += 1));
  assert.ok(looks > 0);
});
