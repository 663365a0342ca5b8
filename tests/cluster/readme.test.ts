import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import {
  assertDone,
  clusterTest,
  ensureNothing,
  ensureSystem,
  onCluster,
  orchestrator,
  run,
  start,
} from '../support/cluster.ts';
import { list } from '../support/cluster.objects.ts';
import type { Node } from '../support/cluster.objects.ts';
import { eventually } from '../support/eventually.ts';
import { readReadme, stepsOf } from '../support/readme.ts';
import type { Step } from '../support/readme.ts';
import { assertOutput } from '../support/readme.output.ts';
import { dialogueOf, screenOf } from '../support/readme.session.ts';
import { typeInto } from '../support/typing.ts';

/** What was just started or ordered shows by then; an autoscaler takes pods away two minutes after their load, one a minute. */
const READ_TIMEOUT_MS = 300_000;

/** Each look is a process or more. */
const LOOK_EVERY_MS = 1_000;

/** What cannot be run on the cluster of the tests, and why. */
const notRun: readonly (readonly [command: RegExp, reason: string])[] = [
  [/^vagrant /, 'makes virtual machines'],
  [/^\.\/orchestrator\.sh doctor /, 'looks for Vagrant as long as there is no cluster'],
  [/^docker /, 'needs Docker, and a login to Docker Hub'],
  [
    /^sed -i .*\nkubectl apply /,
    'overrules the passwords of a running system: tests/cluster/secrets.test.ts begins with it',
  ],
  [
    /^\.\/orchestrator\.sh build\n/,
    'needs a registry with the base image: tests/images.test.ts builds with a copy of it',
  ],
  [/title=\[1-100000\]/, 'is minutes of load: tests/cluster/autoscaler.test.ts loads the cluster and counts the pods'],
];

const goesOn = /port-forward|--watch\n|logs -f|orchestrator\.sh logs\n/;
const changes = /curl.* -X |scale|drain|orchestrator\.sh (?!status|secrets show)/;

const readme = stepsOf(readReadme('README.md')).filter(({ command: { section } }) =>
  ['On a cluster', 'With Docker Compose'].includes(section),
);
const operations = stepsOf(readReadme('docs/operations.md'));

test('each command that is not run is there', () => {
  assert.ok(readme.length >= 15 && operations.length >= 10, 'the commands for a cluster are seen');
  for (const [pattern] of notRun) {
    assert.ok(
      [...readme, ...operations].some(({ command }) => pattern.test(command.text)),
      String(pattern),
    );
  }
});

test('in a session, what stands behind a prompt is typed', () => {
  const shown = '/ $ su - postgres\npostgres$ psql\n…\norders=# TABLE orders;\n 1 | $ 5\n(1 row)\n';
  assert.deepEqual(dialogueOf(shown), [
    [/\$ /, 'su - postgres'],
    [/postgres\$ /, 'psql'],
    [/orders=# /, 'TABLE orders;'],
  ]);
  assert.equal(screenOf(shown), '…$ su - postgres\n…postgres$ psql\n…\n…orders=# TABLE orders;\n 1 | $ 5\n(1 row)\n');
});

clusterTest('README.md: every command for a cluster does what is shown, from create to destroy', async (t) => {
  await ensureNothing();
  await takeAll(t, 'README.md', readme);
});

clusterTest('docs/operations.md: every command does what is shown', async (t) => {
  await ensureSystem(t);
  await takeAll(t, 'docs/operations.md', operations);
});

async function takeAll(t: TestContext, name: string, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    const place = `${name}:${step.command.line}`;
    try {
      const reason = notRun.find(([pattern]) => pattern.test(step.command.text))?.[1];
      if (reason === undefined) await take(t, step);
      else t.diagnostic(`${place} was not run: it ${reason}`);
    } catch (cause) {
      throw new Error(`${place}: ${step.command.text}${String(cause)}`, { cause });
    }
  }
}

async function take(t: TestContext, { command: { text }, expected }: Step): Promise<void> {
  if (text === './orchestrator.sh create\n') {
    assert.equal(expected?.text, 'cluster created\n');
    return assertDone(await orchestrator(`create ${onCluster}`), 'cluster created');
  }
  const nodes = await nodeAddresses();
  const command = nodes.reduce((result, [own, usual]) => result.replaceAll(usual, own), text);
  const compare = (printed: string): void => {
    if (expected)
      assertOutput(
        expected,
        nodes.reduce((result, [own, usual]) => result.replaceAll(own, usual), printed),
      );
  };
  if (command.endsWith(' -- sh\n')) {
    assert.ok(expected, 'what is typed there is shown');
    const screen = await typeInto(command.trim(), dialogueOf(expected.text));
    return assertOutput({ ...expected, text: screenOf(expected.text) }, screen);
  }
  if (goesOn.test(command)) {
    const child = start(command.trim());
    t.after(() => child.kill());
    let printed = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => (printed += part));
    await eventually(() => (expected ? compare(printed) : assert.notEqual(printed, '')), READ_TIMEOUT_MS);
    if (!command.includes('port-forward')) child.kill();
    return;
  }
  const attempt = async (): Promise<void> => {
    const { code, stdout, stderr } = await run('sh -euc "$TYPED"', { TYPED: command });
    assert.equal(code, 0, stderr);
    compare(stdout);
  };
  // A reader looks again, but does not change again.
  await (changes.test(command) ? attempt() : eventually(attempt, READ_TIMEOUT_MS, LOOK_EVERY_MS));
}

/** The addresses of this cluster's nodes, each with the one that the documents have for it. */
async function nodeAddresses(): Promise<(readonly [own: string, usual: string])[]> {
  const usual = new Map([
    ['master', '192.168.56.10'],
    ['agent', '192.168.56.11'],
  ]);
  const nodes = await list<Node>('nodes');
  return nodes.flatMap(({ metadata, status }) => {
    const shown = usual.get(metadata.name);
    const own = status.addresses.find(({ type }) => type === 'InternalIP')?.address;
    return shown === undefined || own === undefined ? [] : [[own, shown] as const];
  });
}
