import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePs, readUsage } from './process-usage.ts';

test('the time and memory of a process are read, and one that is not there is left out', async () => {
  const before = (await readUsage([process.pid])).get(process.pid);
  const until = performance.now() + 300;
  while (performance.now() < until);
  const used = await readUsage([process.pid, 2 ** 30]);
  assert.deepEqual([...used.keys()], [process.pid]);
  const after = used.get(process.pid);
  assert.ok(before && after);
  const own = process.cpuUsage();
  assert.ok(after.cpuMs > before.cpuMs && after.cpuMs <= (own.user + own.system) / 1000 + 100);
  assert.ok(Math.abs(after.memoryBytes / process.memoryUsage.rss() - 1) < 0.5);
  assert.equal((await readUsage([])).size, 0);
});

test('what ps of macOS and of Linux prints is read', () => {
  const read = parsePs('  417   1:02.34  51200\n88120 12:00:00 4\n 5 3-01:00:00  0\nnonsense\n');
  assert.deepEqual(
    [...read],
    [
      [417, { cpuMs: 62_340, memoryBytes: 52_428_800 }],
      [88_120, { cpuMs: 43_200_000, memoryBytes: 4096 }],
      [5, { cpuMs: 262_800_000, memoryBytes: 0 }],
    ],
  );
});
