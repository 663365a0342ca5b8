import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Failure } from '../failure.ts';
import { connectControl, serveControl } from './control.ts';
import type { Control } from './control.ts';

async function serve(t: { after: (fn: () => Promise<void>) => void }) {
  const dir = await mkdtemp(join(tmpdir(), 'orchestrator-control-'));
  const asked: string[] = [];
  const control: Control = {
    status: () => ({ pid: 7, addresses: {}, components: [] }),
    start: async (name) => {
      if (name === 'rabbitmq') throw new Failure('port-in-use', 'taken', { cure: 'another' });
      asked.push(`start ${name}`);
    },
    stop: async (name) => void asked.push(`stop ${name}`),
    relay: async (isOn) => void asked.push(`relay ${isOn}`),
    cut: ({ from, to }, ms) => void asked.push(`cut ${from} ${to} ${ms}`),
    down: () => void asked.push('down'),
  };
  const server = await serveControl(dir, control);
  t.after(async () => {
    await server[Symbol.asyncDispose]();
    await rm(dir, { recursive: true });
  });
  return { dir, asked };
}

test('a second terminal asks, and gets failures as they were', async (t) => {
  const { dir, asked } = await serve(t);
  const remote = await connectControl(dir);
  assert.equal((await remote.status()).pid, 7);
  await remote.stop('billing-app');
  await remote.start('billing-app');
  await remote.relay(true);
  await remote.cut({ from: 'billing-app', to: 'rabbitmq' }, 1500);
  await remote.down();
  const orders = ['stop billing-app', 'start billing-app', 'relay true', 'cut billing-app rabbitmq 1500', 'down'];
  assert.deepEqual(asked, orders);
  await assert.rejects(remote.start('rabbitmq'), {
    name: 'Failure',
    kind: 'port-in-use',
    message: 'taken',
    cure: 'another',
  });
});

test('only who can read the folder can ask', async (t) => {
  const { dir, asked } = await serve(t);
  const path = join(dir, 'control.json');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const { port, token } = JSON.parse(await readFile(path, 'utf8')) as { port: number; token: string };
  for (const authorization of ['', 'Bearer ', `Bearer ${token}x`, token]) {
    const response = await fetch(`http://127.0.0.1:${port}/down`, { method: 'POST', headers: { authorization } });
    assert.equal(response.status, 403);
  }
  assert.deepEqual(asked, []);
});

test('a file of a system that is gone means that nothing runs', async (t) => {
  const { dir } = await serve(t);
  const path = join(dir, 'control.json');
  const file = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...file, identity: 'an earlier process' }));
  await assert.rejects(connectControl(dir), { kind: 'not-running' });
  await assert.rejects(connectControl(join(dir, 'nowhere')), { kind: 'not-running' });
});
