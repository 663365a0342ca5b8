import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CommandError, pasteable, pipe, run, runFollowing, startInBackground } from './exec.ts';

test('a command line can be pasted into a shell as it is shown', async () => {
  const argv = ['printf', '%s|', 'a b', "it's", '', '$HOME', 'x=1'];
  assert.equal(await run(['sh', '-c', pasteable(argv)], { timeoutMs: 5_000 }), "a b|it's||$HOME|x=1|");
});

test('a failed command tells its line, its code and the end of its output', async () => {
  const failing = run(['sh', '-c', 'echo one; echo two >&2; exit 3'], { timeoutMs: 5_000 });
  await assert.rejects(failing, (error) => {
    assert.ok(error instanceof CommandError);
    assert.deepEqual(error.exit, { code: 3, signal: null });
    assert.match(error.message, /^exit code 3: sh -c 'echo one; echo two >&2; exit 3'\n/);
    assert.deepEqual(error.output.trim().split('\n').toSorted(), ['one', 'two']);
    return true;
  });
});

test('a command that takes too long is killed, one that does not exist is named', async () => {
  await assert.rejects(run(['sleep', '60'], { timeoutMs: 50 }), /ended by SIGKILL: sleep 60/);
  await assert.rejects(run(['/no/such/program'], { timeoutMs: 5_000 }), /could not be started: \/no\/such\/program/);
});

test('a command that goes on is heard line by line, until it is asked to end', async () => {
  const controller = new AbortController();
  const lines: string[] = [];
  const exit = await runFollowing(['sh', '-c', 'trap "echo bye; exit 0" INT; echo one; while :; do sleep 0.05; done'], {
    signal: controller.signal,
    onLine: (line) => {
      lines.push(line);
      controller.abort();
    },
  });
  assert.deepEqual([lines, exit], [['one', 'bye'], { code: 0, signal: null }]);
});

test('a background process has a session of its own, so that a terminal cannot interrupt it', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'orchestrator-exec-'));
  t.after(() => rm(dir, { recursive: true }));
  const logFile = join(dir, 'log');
  const child = await startInBackground(['sleep', '600'], { logFile });
  // There is no such group unless it leads one.
  process.kill(-child.pid, 'SIGTERM');
  assert.deepEqual(await child.exited, { code: null, signal: 'SIGTERM' });
  await assert.rejects(startInBackground(['/no/such/program'], { logFile }), /could not be started/);
});

test('two commands are joined byte for byte, and whichever fails is told', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'orchestrator-exec-'));
  t.after(() => rm(dir, { recursive: true }));
  const [from, to] = [join(dir, 'from'), join(dir, 'to')];
  const options = { timeoutMs: 30_000 };
  await run(['sh', '-c', `head -c 3000000 /dev/urandom > ${from}`], options);
  await pipe(['cat', from], ['sh', '-c', `cat > ${to}`], options);
  await run(['cmp', from, to], options);
  await assert.rejects(pipe(['sh', '-c', 'echo source >&2; exit 3'], ['cat'], options), /exit code 3: .*source/s);
  await assert.rejects(pipe(['cat', from], ['sh', '-c', 'echo sink >&2; exit 4'], options), /exit code 4: .*sink/s);
  // A source that goes on, or says nothing, does not keep it waiting; nor do children of either.
  const long = { timeoutMs: 600_000 };
  for (const source of [['yes'], ['sleep', '500'], ['sh', '-c', 'sleep 500; true']]) {
    await assert.rejects(pipe(source, ['sh', '-c', 'exit 5'], long), /exit code 5/);
  }
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('asked to')), 50);
  await assert.rejects(pipe(['sleep', '60'], ['cat'], { ...options, signal: controller.signal }), /asked to/);
});

test('a command reads its input, and ends when it is asked to', async () => {
  assert.equal(await run(['cat'], { timeoutMs: 30_000, input: 'from stdin' }), 'from stdin');
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('asked to')), 50);
  await assert.rejects(run(['sleep', '60'], { timeoutMs: 30_000, signal: controller.signal }), /asked to/);
});

test('an interrupted command is waited for, with what it has started', async () => {
  const controller = new AbortController();
  const lines: string[] = [];
  // The launcher only waits, as Vagrant's does; its child hears the interrupt itself.
  const worker = `process.on('SIGINT', () => { console.log('tidied'); process.exit(); }); setInterval(() => {}, 1000); console.log('working');`;
  const launcher = `
    process.on('SIGINT', () => {});
    require('node:child_process').spawn(process.execPath, ['-e', process.argv[1]], { stdio: 'inherit' }).on('exit', () => console.log('launcher ends'));`;
  const running = run([process.execPath, '-e', launcher, worker], {
    timeoutMs: 10_000,
    signal: controller.signal,
    onLine: (line) => {
      lines.push(line);
      if (line === 'working') controller.abort(new Error('Ctrl-C'));
    },
  });
  await assert.rejects(running, /Ctrl-C/);
  assert.deepEqual(lines, ['working', 'tidied', 'launcher ends']);
});
