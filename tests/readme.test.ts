import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { cloneRepository } from './support/clone.ts';
import type { Clone } from './support/clone.ts';
import { eventually } from './support/eventually.ts';
import { codeSpans, contentOf, deadLinks, readReadme, root, stepsOf } from './support/readme.ts';
import type { Block, Step } from './support/readme.ts';
import { assertOutput } from './support/readme.output.ts';

const START = './orchestrator.sh local\n';
const TEST = 'npm test\n';

/** These sections need more than this machine has: tests/cluster/readme.test.ts runs their commands. */
const ELSEWHERE = ['On a cluster', 'With Docker Compose'];

/** A first start on a busy machine. */
const START_TIMEOUT_MS = 120_000;

/** What was just started or ordered shows at the next look, or the one after it. */
const READ_TIMEOUT_MS = 20_000;

const english = readReadme('README.md');
const french = readReadme('README.fr.md');
const both = Object.entries({ 'README.md': english, 'README.fr.md': french });
const run = promisify(execFile);

test('both languages show the same commands with the same answers', () => {
  assert.deepEqual(contentOf(french), contentOf(english));
});

test('every block is of a kind that is run or compared', () => {
  for (const { language, line } of english.blocks) {
    assert.ok(['sh', 'json', 'text'].includes(language), `README.md:${line}: "${language}"`);
  }
});

test('the first two commands set everything up and test it, and CI runs the second', () => {
  const [first, second] = stepsOf(english);
  assert.equal(first?.command.text, START);
  assert.equal(second?.command.text, TEST);
  assert.ok(readFileSync(`${root}.ci/run`, 'utf8').endsWith(`exec ${TEST}`));
});

for (const [name] of both) {
  test(`every link of ${name} leads somewhere`, () => {
    assert.deepEqual(deadLinks(name), []);
  });
}

test('the commands and options of "local" are those of its help', async () => {
  const { stdout: help } = await run(process.execPath, [`${root}src/orchestrator/main.ts`, 'local', '--help']);
  const wordsOf = (text: string): Set<string> => {
    const words = text.matchAll(/(?<![\w-])--?[a-z][a-z-]*|(?<=\slocal )[a-z]+/g);
    return new Set([...words].map(([word]) => word));
  };
  for (const [name, { tables }] of both) {
    const rows = tables.flatMap(({ rows }) => rows).filter(([first]) => first?.startsWith('`./orchestrator.sh local'));
    const documented = wordsOf(rows.flat().flatMap(codeSpans).join('\n'));
    documented.delete('--help');
    assert.deepEqual(documented, wordsOf(help), name);
  }
});

test('the settings of the virtual machines are those of the Vagrantfile, with their defaults', () => {
  const read = readFileSync(`${root}Vagrantfile`, 'utf8').matchAll(/ENV\.fetch\('(\w+)', (\d+)\)/g);
  const told = english.tables.flatMap(({ rows }) =>
    rows.flatMap(([names = '', defaults = '']) => {
      const values = codeSpans(defaults);
      return codeSpans(names).map((name, index) => [name, values[index]] as const);
    }),
  );
  const machines = told.filter(([name]) => /^(MACHINE|MASTER|AGENT)_/.test(name));
  assert.deepEqual(new Map(machines), new Map([...read].map(([, name = '', value]) => [name, value] as const)));
});

for (const [name, { tables }] of both) {
  test(`the messages that the troubleshooting of ${name} quotes exist`, () => {
    const sources = globSync(['orchestrator.sh', 'Scripts/*', 'Manifests/*', 'src/orchestrator/**/*.ts'], { cwd: root })
      .map((path) => readFileSync(root + path, 'utf8'))
      .join('\n');
    const troubles = tables.filter(({ header: [first = ''] }) => first.startsWith('sympt'));
    assert.equal(troubles.length, 2, 'on this machine, and on a cluster');
    for (const { rows } of troubles) {
      const quoted = rows.flatMap(([symptom]) => codeSpans(symptom ?? ''));
      assert.ok(quoted.length > 0);
      for (const part of quoted.flatMap((message) => message.split('…')))
        assert.ok(sources.includes(part.trim()), part);
    }
  });
}

test('an answer that differs from what is shown is found', () => {
  const block = (language: string, text: string): Block => ({ language, text, line: 1, section: '' });
  const same = [
    [block('json', '{"id":1}'), '{ "id": 1 }'],
    [block('json', '"01a2079a-040f-7d2c-aa9d-d60bd3ec9010"'), '"01a2079b-52a4-7c3a-8b6c-0d9fd26c1f0e"'],
    [block('text', 'a\n…\nb …\n'), 'a\n1\n2\nb 3'],
    [block('text', 'a\n…\n'), 'a\n1\n2\n'],
    [block('text', 'a\n…\n'), 'a\n'],
    [block('text', 'ready  95 s   127.0.0.1:30000  13827  0'), 'ready  1 s    127.0.0.1:30000  1      0\n'],
  ] as const;
  for (const [shown, printed] of same) assertOutput(shown, printed);
  const different = [
    [block('json', '{"id":1}'), '{"id":2}'],
    [block('json', '{"total_amount":"0.10"}'), '{"total_amount":0.1}'],
    [block('json', '"0bafe221-56d2-898c-943b-86040446d366"'), '"0bafe221-56d2-898c-943b-86040446d367"'],
    [block('text', 'a\n…\nb …\n'), 'a\n1\n2\nc 3'],
    [block('text', 'a\n…\n'), 'ab\n1\n'],
    [block('text', '(1 row)'), '(10 rows)'],
    [block('text', 'ready  127.0.0.1:30000  13827  0'), 'ready  127.0.0.1:30000  13827  1'],
    [block('text', 'ready'), ''],
  ] as const;
  for (const [shown, printed] of different)
    assert.throws(() => assertOutput(shown, printed), { name: 'AssertionError' });
});

test('every command for this machine does what is shown', async (t) => {
  for (const section of ELSEWHERE)
    assert.ok(english.headings.some(({ level, text }) => level === 2 && text === section));
  const clone = await cloneRepository(t);
  for (const step of stepsOf(english).filter(({ command }) => !ELSEWHERE.includes(command.section))) {
    try {
      await take(clone, step);
    } catch (cause) {
      throw new Error(`README.md:${step.command.line}: ${step.command.text}${String(cause)}`, { cause });
    }
  }
});

async function take(clone: Clone, { command: { text: command }, expected }: Step): Promise<void> {
  // Within "npm test" it would start itself; CI runs it.
  if (command === TEST) return;
  if (command === START) {
    assert.ok(expected);
    const child = clone.start(`${command.trim()} --port ${clone.basePort}`);
    let [printed, progress] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (part: string) => (printed += part));
    child.stderr?.setEncoding('utf8').on('data', (part: string) => (progress += part));
    await eventually(
      () => assertOutput(expected, clone.toUsualPorts(printed) + (child.exitCode === null ? '' : progress)),
      START_TIMEOUT_MS,
    );
    return;
  }
  const attempt = async (): Promise<void> => {
    const printed = clone.toUsualPorts(await clone.run(clone.toOwnPorts(command)));
    if (expected) assertOutput(expected, printed);
  };
  // A reader looks again, but does not send again.
  const looks = expected && !/ -X |local (start|stop|down)/.test(command);
  await (looks ? eventually(attempt, READ_TIMEOUT_MS) : attempt());
}
