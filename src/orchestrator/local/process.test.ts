import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { done, notYet, until } from '../wait.ts';
import { processIdentity } from './process-table.ts';
import { endLeftover, startProcess } from './process.ts';

async function spec(t: TestContext, script: string) {
  const dir = await mkdtemp(join(tmpdir(), 'orchestrator-process-'));
  t.after(() => rm(dir, { recursive: true }));
  const ending = { stopSignal: 'SIGTERM', forceSignal: 'SIGKILL', graceMs: 200 } as const;
  return { argv: ['sh', '-c', script], logFile: join(dir, 'log'), pidFile: join(dir, 'x.pid'), ports: {}, ...ending };
}

const saysReady = (logFile: string) =>
  until('it traps its signals', 5_000, async () =>
    (await readFile(logFile, 'utf8')).includes('ready') ? done(undefined) : notYet(''),
  );

test('a process that ignores all but SIGKILL is gone after stop, and its record as well', async (t) => {
  const options = await spec(t, "trap '' TERM QUIT; echo ready; while :; do sleep 0.05; done");
  const child = await startProcess(options);
  await saysReady(options.logFile);
  await child.stop();
  assert.equal((await child.exited).signal, 'SIGKILL');
  assert.equal(existsSync(options.pidFile), false);
});

test('a paused process is stopped as well', async (t) => {
  const options = await spec(t, 'echo ready; exec sleep 60');
  const child = await startProcess({ ...options, graceMs: 10_000 });
  await saysReady(options.logFile);
  child.kill('SIGSTOP');
  await child.stop();
  assert.equal((await child.exited).signal, 'SIGTERM');
});

test('a start ends what the record of an earlier one names', async (t) => {
  const options = await spec(t, 'exec sleep 60');
  const first = await startProcess(options);
  const second = await startProcess(options);
  t.after(() => second.stop());
  assert.equal((await first.exited).signal, 'SIGTERM');
  assert.equal(await endLeftover(options.pidFile), second.pid);
});

test('a process that merely has the pid of an earlier one is left alone', async (t) => {
  const options = await spec(t, 'exec sleep 60');
  const bystander = await startProcess(options);
  t.after(() => bystander.stop());
  const record = JSON.parse(await readFile(options.pidFile, 'utf8')) as object;
  await writeFile(options.pidFile, JSON.stringify({ ...record, identity: 'another boot 1' }));
  assert.equal(await endLeftover(options.pidFile), undefined);
  assert.notEqual(await processIdentity(bystander.pid), '');
});

test('a record that was cut off is ignored', async (t) => {
  const options = await spec(t, 'exit 0');
  await writeFile(options.pidFile, '{"pid":');
  assert.deepEqual(await (await startProcess(options)).exited, { code: 0, signal: null });
});
