import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const hasVagrant = spawnSync('vagrant', ['--version']).status === 0;

test(
  'Vagrant finds nothing wrong with the Vagrantfile',
  { skip: !hasVagrant && 'Vagrant is not on this machine' },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'orchestrator-vagrantfile-'));
    t.after(() => rm(folder, { recursive: true }));
    await copyFile(join(root, 'Vagrantfile'), join(folder, 'Vagrantfile'));
    await mkdir(join(folder, 'Scripts'));
    await copyFile(join(root, 'Scripts/setup-cluster.sh'), join(folder, 'Scripts/setup-cluster.sh'));
    const env = { ...process.env, VAGRANT_HOME: join(folder, 'home'), VAGRANT_CHECKPOINT_DISABLE: '1' };
    const vagrant = (...words: string[]) => spawnSync('vagrant', words, { cwd: folder, env, encoding: 'utf8' });
    // Without a provider on this machine its part cannot be checked; the rest can.
    const { status, stdout, stderr } = vagrant('validate', '--ignore-provider');
    assert.equal(status, 0, stdout + stderr);
    for (const secret of ['server-token', 'agent-token', 'agent.node-password']) {
      assert.equal((await stat(join(folder, '.local/cluster/vagrant', secret))).mode & 0o777, 0o600, secret);
    }
  },
);
