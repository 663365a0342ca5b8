import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { requireTool } from '../support/tool.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('shellcheck has nothing to say about any script', async () => {
  const scripts = [...globSync('Scripts/*.sh', { cwd: root }), 'orchestrator.sh', '.ci/run'];
  assert.ok(scripts.length >= 4, `only ${scripts.join(', ')} were seen: the search is broken`);
  const shellcheck = await requireTool('shellcheck', {
    apt: ['shellcheck'],
    dnf: ['ShellCheck'],
    brew: ['shellcheck'],
  });
  const { status, stdout, stderr } = spawnSync(shellcheck, scripts, { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});
