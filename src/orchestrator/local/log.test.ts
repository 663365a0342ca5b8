import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { done, notYet, until } from '../wait.ts';
import { limitLog, tailOf } from './log-file.ts';
import { followLogs } from './log.follow.ts';

async function logFile(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'orchestrator-log-'));
  t.after(() => rm(dir, { recursive: true }));
  return join(dir, 'log');
}

test('the tail of a log is its last lines, and nothing where there is none', async (t) => {
  const path = await logFile(t);
  assert.equal(await tailOf(path, 2), '');
  await writeFile(path, `${'x'.repeat(100_000)}\none\ntwo\nthree\n`);
  assert.equal(await tailOf(path, 2), 'two\nthree');
});

test('a log over its limit starts anew, the old one is kept beside it', async (t) => {
  const path = await logFile(t);
  await writeFile(path, '12345');
  await limitLog(path, 5);
  assert.equal(await readFile(path, 'utf8'), '12345');
  await limitLog(path, 4);
  assert.deepEqual([await readFile(path, 'utf8'), await readFile(`${path}.1`, 'utf8')], ['', '12345']);
});

test('a follower prints whole lines as they come, and goes on after the log has been cut', async (t) => {
  const path = await logFile(t);
  await writeFile(path, 'old\nrecent\n');
  const printed: string[] = [];
  const controller = new AbortController();
  const following = followLogs(new Map([['a', path]]), {
    lines: 1,
    follow: true,
    print: (line) => printed.push(line),
    signal: controller.signal,
  });
  const shows = (...lines: string[]) =>
    until(`printed ${lines.join()}`, 10_000, () =>
      lines.join() === printed.join() ? done(undefined) : notYet(printed.join()),
    );
  await shows('recent');
  await appendFile(path, 'half ');
  await appendFile(path, 'a line\n');
  await shows('recent', 'half a line');
  await truncate(path);
  await appendFile(path, 'new\n');
  await shows('recent', 'half a line', 'new');
  controller.abort();
  await following;
});
