import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { CommandError, run } from './exec.ts';
import { exitCodes } from './failure.ts';
import { nearestWord } from './spelling.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

/** What the command line answers: exit code and all that it printed. */
async function orchestrator(...argv: string[]): Promise<{ code: number | null; output: string }> {
  try {
    return { code: 0, output: await run([process.execPath, main, ...argv], { timeoutMs: 30_000 }) };
  } catch (error) {
    assert.ok(error instanceof CommandError);
    return { code: error.exit.code, output: error.output };
  }
}

test('help exits 0 and lists the commands and every exit code', async () => {
  const { code, output } = await orchestrator('--help');
  assert.equal(code, 0);
  assert.match(output, /^ {2}local {2,}\S/m);
  for (const { code: known, means } of Object.values(exitCodes))
    assert.match(output, new RegExp(`^ {2}${known} +${means}`, 'm'));
});

test('a wrong command line exits 2 and names the nearest word', async () => {
  const wrong: [string[], RegExp][] = [
    [[], /COMMAND/],
    [['locl'], /Did you mean local\?/],
    [['local', 'statsu'], /Did you mean status\?/],
    [['local', 'stop', 'billing'], /One of: .*billing-app|Did you mean billing-app/],
    [['local', 'stop'], /which component\? One of: api-gateway/],
    [['local', 'psql', 'bills'], /billing/],
    [['local', '--prot', '1'], /--prot/],
    [['local', '--port', '70000'], /--port takes a number from 1 to 65524/],
    [['local', '--fresh', 'status'], /--fresh belong to local itself/],
    [['local', 'status', '-o', 'yaml'], /table, json/],
    [['local', 'down', 'now'], /one argument too many: now/],
  ];
  await Promise.all(
    wrong.map(async ([argv, text]) => {
      const { code, output } = await orchestrator(...argv);
      assert.deepEqual([argv, code], [argv, 2]);
      assert.match(output, text);
      assert.doesNotMatch(output, /at .*\.ts:/);
    }),
  );
});

test('a word is taken for another only when they are near', () => {
  const words = ['start', 'stop', 'status'];
  assert.deepEqual(
    ['strat', 'sotp', 'satus', 'x', 'destroy'].map((word) => nearestWord(word, words)),
    ['start', 'stop', 'status', undefined, undefined],
  );
});
