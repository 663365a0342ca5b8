import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { cloneRepository } from './support/clone.ts';
import type { Clone } from './support/clone.ts';
import { readConfig } from './support/config.ts';
import { eventually } from './support/eventually.ts';
import { anchor, codeSpans, readReadme, root, stepsOf } from './support/readme.ts';
import type { Block, Readme, Step } from './support/readme.ts';
import { assertOutput } from './support/readme.output.ts';

const START = './orchestrator.sh local\n';
const TEST = 'npm test\n';
const SERVICES = ['api-gateway', 'inventory-app', 'billing-app'];

/** A first start on a busy machine. */
const START_TIMEOUT_MS = 120_000;

/** What was just started or ordered shows at the next look, or the one after it. */
const READ_TIMEOUT_MS = 20_000;

const english = readReadme('README.md');
const french = readReadme('README.fr.md');
const both = Object.entries({ 'README.md': english, 'README.fr.md': french });
const run = promisify(execFile);

test('both languages show the same commands with the same answers', () => {
  const shown = ({ blocks }: Readme): string[] => blocks.map(({ language, text }) => `${language}\n${text}`);
  assert.deepEqual(shown(french), shown(english));
  const shape = ({ headings, tables }: Readme): unknown => [
    headings.map(({ level }) => level),
    tables.map(({ header, rows }) => [header.length, rows.map((row) => row.map(codeSpans))]),
  ];
  assert.deepEqual(shape(french), shape(english));
  assert.deepEqual(linkedFiles(french), linkedFiles(english));
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

for (const [name, { headings, links }] of both) {
  test(`every link of ${name} leads somewhere`, () => {
    const anchors = new Set(headings.map(({ text }) => `#${anchor(text)}`));
    for (const link of links.filter((target) => !/^https?:/.test(target))) {
      assert.ok(link.startsWith('#') ? anchors.has(link) : existsSync(root + link), link);
    }
  });
}

for (const service of SERVICES) {
  test(`the variables of ${service} are those that it reads, with their defaults`, async () => {
    const table = english.tables.find(({ header }) => header.includes(service));
    assert.ok(table);
    const column = table.header.indexOf(service);
    const cells = new Map(
      table.rows
        .filter((row) => row[column] !== '–')
        .map((row) => [codeSpans(row[0] ?? ''), codeSpans(row[column] ?? '')[0]] as const),
    );
    const required: Record<string, string> = {};
    const defaults: Record<string, string> = {};
    for (const [[name = '', file], fallback] of cells) {
      if (fallback !== undefined) defaults[name] = fallback;
      else if (file === undefined) required[name] = 'x';
      else required[file] = `${root}package.json`;
    }
    const read = await readConfig(service, required);
    assert.deepEqual(read.names.toSorted(), [...cells.keys()].flat().toSorted());
    assert.deepEqual((await readConfig(service, { ...required, ...defaults })).config, read.config);
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

for (const [name, { tables }] of both) {
  test(`the messages that the troubleshooting of ${name} quotes exist`, () => {
    const sources = globSync(['orchestrator.sh', 'Scripts/*', 'src/orchestrator/**/*.ts'], { cwd: root })
      .map((path) => readFileSync(root + path, 'utf8'))
      .join('\n');
    const quoted = (tables.at(-1)?.rows ?? []).flatMap(([symptom]) => codeSpans(symptom ?? ''));
    assert.ok(quoted.length > 0);
    for (const part of quoted.flatMap((message) => message.split('…'))) assert.ok(sources.includes(part.trim()), part);
  });
}

test('an answer that differs from what is shown is found', () => {
  const block = (language: string, text: string): Block => ({ language, text, line: 1 });
  const same = [
    [block('json', '{"id":1}'), '{ "id": 1 }'],
    [block('json', '"01a2079a-040f-7d2c-aa9d-d60bd3ec9010"'), '"01a2079b-52a4-7c3a-8b6c-0d9fd26c1f0e"'],
    [block('text', 'a\n…\nb …\n'), 'a\n1\n2\nb 3'],
    [block('text', 'ready  95 s   127.0.0.1:30000  13827  0'), 'ready  1 s    127.0.0.1:30000  1      0\n'],
  ] as const;
  for (const [shown, printed] of same) assertOutput(shown, printed);
  const different = [
    [block('json', '{"id":1}'), '{"id":2}'],
    [block('json', '{"total_amount":"0.10"}'), '{"total_amount":0.1}'],
    [block('json', '"0bafe221-56d2-898c-943b-86040446d366"'), '"0bafe221-56d2-898c-943b-86040446d367"'],
    [block('text', 'a\n…\nb …\n'), 'a\n1\n2\nc 3'],
    [block('text', '(1 row)'), '(10 rows)'],
    [block('text', 'ready  127.0.0.1:30000  13827  0'), 'ready  127.0.0.1:30000  13827  1'],
    [block('text', 'ready'), ''],
  ] as const;
  for (const [shown, printed] of different)
    assert.throws(() => assertOutput(shown, printed), { name: 'AssertionError' });
});

test('every command does what is shown', async (t) => {
  const clone = await cloneRepository(t);
  for (const step of stepsOf(english)) {
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

/** Without those to the other language. */
function linkedFiles({ links }: Readme): string[] {
  return links.filter((link) => !link.startsWith('#') && !link.startsWith('README'));
}
