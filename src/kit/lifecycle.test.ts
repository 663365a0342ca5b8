import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

const modules = `import { createLifecycle } from ${JSON.stringify(new URL('lifecycle.ts', import.meta.url).href)};
import { createLogger } from ${JSON.stringify(new URL('log.ts', import.meta.url).href)};
const lifecycle = createLifecycle(createLogger('test', 'info'));
const tell = (what) => process.stdout.write(what + '\\n');
setInterval(() => undefined, 1000);
`;

/** Runs a program with a lifecycle, sends the signals once it says "up", and returns its exit code and output. */
async function run(body: string, ...signals: NodeJS.Signals[]): Promise<{ code: unknown; output: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', modules + body], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    const next = output.includes('up\n') ? signals.shift() : undefined;
    if (next) child.kill(next);
  });
  const [code]: unknown[] = await once(child, 'close');
  return { code, output };
}

test('a stop undoes in reverse order, goes on after a failing step, and exits with 0', async () => {
  const program = `lifecycle.onStop('first', () => tell('undo first'));
    lifecycle.onStop('second', () => { throw new Error('stuck'); });
    lifecycle.onStop('third', async () => tell('undo third ' + lifecycle.stopping.aborted));
    tell('up');`;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { code, output } = await run(program, signal);
    assert.equal(code, 0, output);
    assert.match(output, /undo third true[^]*undo first/);
    assert.match(output, /"what":"second"/);
  }
});

test('a second signal ends a stop that hangs', async () => {
  const program = `lifecycle.onStop('hung', () => { tell('hanging'); return new Promise(() => undefined); }); tell('up');`;
  assert.equal((await run(program, 'SIGTERM', 'SIGTERM')).code, 1);
});

test('an error that nobody caught stops in order and exits with 1', async () => {
  for (const fault of [
    `throw new Error('bug')`,
    `Promise.reject(new Error('bug'))`,
    `lifecycle.fail(new Error('bug'))`,
  ]) {
    const { code, output } = await run(`lifecycle.onStop('it', () => tell('undone')); setTimeout(() => { ${fault} });`);
    assert.equal(code, 1, output);
    assert.match(output, /"msg":"cannot go on"/);
    assert.match(output, /^undone$/m);
  }
});

test('what loading left behind is given back, though nothing is asked for', async () => {
  const program = `const heap = () => process.memoryUsage().heapTotal;
    let held = Array.from({ length: 300_000 }, () => [1, 2, 3]);
    const before = heap();
    held = undefined;
    setInterval(() => heap() < before / 2 && tell('up'), 100);
    setTimeout(() => process.exit(1), 8000);`;
  assert.equal((await run(program, 'SIGTERM')).code, 0);
});
