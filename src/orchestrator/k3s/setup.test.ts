import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Node } from './node.ts';
import { openSecrets } from './secrets.ts';
import { parseInspection, setupWords } from './setup.ts';

test('what the script is told of each machine', () => {
  const server = { name: 'master', role: 'server', address: '10.0.0.1' } as Node;
  const agent = { name: 'agent', role: 'agent', address: '10.0.0.2' } as Node;
  assert.deepEqual(setupWords(server, server), ['server', 'master', '10.0.0.1']);
  assert.deepEqual(setupWords({ ...server, otherName: '10.0.0.1' }, server), ['server', 'master', '10.0.0.1']);
  assert.deepEqual(setupWords({ ...server, otherName: 'k3s.example.org' }, server), [
    'server',
    'master',
    '10.0.0.1',
    'k3s.example.org',
  ]);
  assert.deepEqual(setupWords(agent, server), ['agent', 'agent', '10.0.0.2', '10.0.0.1']);
});

test('what a machine is and has is read from three lines', () => {
  const sum = 'a'.repeat(64);
  assert.deepEqual(parseInspection(`x86_64\n${sum}  /usr/local/bin/k3s\njoined\n`), {
    architecture: 'amd64',
    sha256: sum,
    hasJoined: true,
  });
  assert.deepEqual(parseInspection('aarch64\nnone\nnew\n'), {
    architecture: 'arm64',
    sha256: undefined,
    hasJoined: false,
  });
  assert.equal(parseInspection('riscv64\nnone\nnew\n'), undefined);
});

test('secrets are random, kept, and readable by their owner only', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'orchestrator-secrets-'));
  t.after(() => rm(home, { recursive: true }));
  const folder = join(home, 'cluster/ssh');
  const [first = '', second = ''] = await openSecrets(folder, ['server-token', 'agent-token']);
  const before = await readFile(first, 'utf8');
  assert.match(before, /^[0-9a-f]{64}$/);
  assert.notEqual(before, await readFile(second, 'utf8'));
  assert.equal((await stat(first)).mode & 0o777, 0o600);
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  await openSecrets(folder, ['server-token']);
  assert.equal(await readFile(first, 'utf8'), before);
});
