import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startInBackground } from '../exec.ts';
import { done, notYet, until } from '../wait.ts';
import { lockDataFolder, openDataFolder, openSecrets } from './data-folder.ts';
import { tailOf } from './log-file.ts';

async function dataFolder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'orchestrator-data-'));
  t.after(() => rm(dir, { recursive: true }));
  return dir;
}

test('passwords are made once, differ, and are for their owner only', async (t) => {
  const dir = await dataFolder(t);
  const first = await openSecrets(dir);
  assert.deepEqual(await openSecrets(dir), first);
  assert.equal(new Set(Object.values(first)).size, 5);
  for (const password of Object.values(first)) assert.match(password, /^[A-Za-z0-9]{20}$/);
  assert.equal((await stat(join(dir, 'secrets.json'))).mode & 0o777, 0o600);
});

test('a lock is held by one, and is free again when its holder is killed', async (t) => {
  const dir = await dataFolder(t);
  const module = fileURLToPath(new URL('data-folder.ts', import.meta.url));
  const script = `import { lockDataFolder } from ${JSON.stringify(module)}; const lock = lockDataFolder(process.argv[1]); console.log(lock ? 'held' : 'busy'); setTimeout(() => lock, 60_000);`;
  const logFile = join(dir, 'log');
  const holder = await startInBackground([process.execPath, '--input-type=module-typescript', '-e', script, dir], {
    logFile,
  });
  await until('the other process has the lock', 20_000, async () => {
    const log = await tailOf(logFile, 1);
    return log === 'held' ? done(undefined) : notYet(log);
  });
  const meanwhile = lockDataFolder(dir);
  process.kill(holder.pid, 'SIGKILL');
  await holder.exited;
  assert.equal(meanwhile, undefined);
  using lock = lockDataFolder(dir);
  assert.ok(lock);
});

test('a folder that cannot be written says so, and what to do', async (t) => {
  const dir = await dataFolder(t);
  await writeFile(join(dir, 'file'), '');
  await assert.rejects(openDataFolder(join(dir, 'file')), {
    kind: 'not-writable',
    cure: /sudo chown -R .* --data DIR/,
  });
});
