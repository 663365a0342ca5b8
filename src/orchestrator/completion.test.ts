import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { shells } from './completion.ts';
import { run } from './exec.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const options = { timeoutMs: 30_000 };
const script = (shell: string): Promise<string> => run([process.execPath, main, 'completion', shell], options);
const bashScript = script('bash');

/** What bash would offer for the last of these words. */
async function offered(...words: string[]): Promise<string[]> {
  const typed = ['orchestrator.sh', ...words].map((word) => `'${word}'`).join(' ');
  const lines = `${await bashScript}
COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _orchestrator; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return (await run(['bash', '--norc', '-c', lines], options)).trim().split('\n');
}

test('bash completes commands, their words and their options', async () => {
  assert.deepEqual(await offered('st'), ['start', 'stop', 'status']);
  assert.deepEqual(await offered('secrets', 'r'), ['rotate']);
  assert.deepEqual(await offered('local', 'psql', 'bil'), ['billing-app', 'billing-database', 'billing']);
  assert.deepEqual(await offered('create', '--dry'), ['--dry-run']);
  assert.deepEqual(await offered('create', '--provider', 'k'), ['kubeconfig']);
  assert.deepEqual(await offered('move', 'rab'), ['rabbitmq']);
});

for (const shell of shells) {
  test(`${shell} understands its script`, async (t: TestContext) => {
    if (!existsSync(`/bin/${shell}`) && !existsSync(`/usr/bin/${shell}`)) return t.skip(`${shell} is not installed`);
    await run([shell, '-n', '-c', await script(shell)], options);
  });
}
