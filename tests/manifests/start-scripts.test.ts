import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { before, test } from 'node:test';
import type { TestContext } from 'node:test';
import { readManifests } from '@orchestrator/orchestrator/cluster/manifests.ts';
import { startGroups } from '@orchestrator/orchestrator/local/components.ts';
import { portPlan } from '@orchestrator/orchestrator/local/ports.plan.ts';
import { rabbitmqDefinitions } from '@orchestrator/orchestrator/local/rabbitmq.config.ts';
import type { RabbitmqUser } from '@orchestrator/orchestrator/local/rabbitmq.config.ts';
import { eventually } from '../support/eventually.ts';
import { requireTool } from '../support/tool.ts';

/** The scripts of the ConfigMaps run for real, in folders of the test, with a stand-in for the program that they start. */
interface Home {
  folder: string;
  env: NodeJS.ProcessEnv;
}

async function makeHome(t: TestContext): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), 'start-scripts-'));
  t.after(() => rm(folder, { recursive: true }));
  const bin = join(folder, 'bin');
  await mkdir(bin);
  return { folder, env: { PATH: `${bin}:${process.env['PATH']}` } };
}

/** Puts a script there; `paths` says which folder stands in for which. */
async function write(path: string, script: string, paths: Readonly<Record<string, string>> = {}): Promise<string> {
  let changed = script;
  for (const [from, to] of Object.entries(paths)) {
    assert.ok(changed.includes(from), `the script has no ${from}`);
    changed = changed.replaceAll(from, to);
  }
  await writeFile(path, changed, { mode: 0o755 });
  return path;
}

/** Runs a program to its end and returns its exit code and everything it said. */
async function run(argv: readonly [string, ...string[]], env: NodeJS.ProcessEnv, input = '') {
  const child = spawn(argv[0], argv.slice(1), { env });
  // A script that refuses has ended before it could read.
  child.stdin.on('error', () => undefined).end(input);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number, output: stdout + stderr };
}

async function scriptOf(configMap: string, name: string): Promise<string> {
  const object = (await readManifests()).find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMap,
  );
  const script = (object?.['data'] as Record<string, string> | undefined)?.[name];
  assert.ok(script, `${configMap} has no ${name}`);
  return script;
}

before(() => requireTool('flock', { apt: ['util-linux'], dnf: ['util-linux-core'], brew: ['flock'] }));

/** The users that the broker gets on a machine without Kubernetes. */
async function localUsers(pagePassword: string, brokerPassword: string): Promise<readonly RabbitmqUser[]> {
  const other = 'not of the broker';
  let users: readonly RabbitmqUser[] = [];
  const groups = startGroups({
    dir: tmpdir(),
    ports: portPlan(30_000),
    secrets: {
      superuserPassword: other,
      inventoryPassword: other,
      billingPassword: other,
      brokerPassword,
      pagePassword,
    },
    services: '',
    serviceEnvironment: {},
    say: () => undefined,
    portTo: () => 0,
    startBroker: (options) => {
      ({ users } = options);
      return Promise.reject(new Error('only its users are asked for'));
    },
  });
  const broker = groups.flat().find(({ name }) => name === 'rabbitmq');
  await broker?.start(new AbortController().signal).catch(() => undefined);
  return users;
}

test('the broker gets the users that it has without Kubernetes, whatever stands in their passwords', async (t) => {
  const { folder, env } = await makeHome(t);
  const passwords = [String.raw`"quoted" and \back\\slashed\n $HOME`, String.raw` ends with \ "`] as const;
  const users = await localUsers(...passwords);
  const [secrets, home] = [join(folder, 'secrets'), join(folder, 'home')];
  await mkdir(secrets);
  await mkdir(join(home, 'mnesia'), { recursive: true });
  for (const [index, prefix] of ['admin-', ''].entries()) {
    await writeFile(join(secrets, `${prefix}username`), users[index]?.name ?? '');
    await writeFile(join(secrets, `${prefix}password`), passwords[index] ?? '');
  }
  await write(join(folder, 'bin/docker-entrypoint.sh'), '#!/bin/sh\necho "started $*"\n');
  const paths = { '/run/secrets/rabbitmq': secrets, '/var/lib/rabbitmq': home };
  const script = await write(join(folder, 'start.sh'), await scriptOf('rabbitmq', 'start.sh'), paths);
  assert.deepEqual(await run(['sh', script], env), { code: 0, output: 'started rabbitmq-server\n' });

  const imported = JSON.parse(await readFile(join(home, 'definitions.json'), 'utf8')) as Record<string, unknown>;
  const { vhosts, permissions } = JSON.parse(rabbitmqDefinitions(users)) as Record<string, unknown>;
  assert.deepEqual(imported, {
    vhosts,
    users: users.map(({ name, password, tag }) => ({ name, password, tags: tag ?? '' })),
    permissions,
  });
});

/** A database's start.sh, whose server says that it runs, and ends when its input does. */
async function makeDatabase(t: TestContext) {
  const { folder, env } = await makeHome(t);
  const data = join(folder, 'data/pgdata');
  await mkdir(join(folder, 'data'));
  await write(join(folder, 'bin/docker-entrypoint.sh'), '#!/bin/sh\necho "started $*"\nexec cat\n');
  const script = await write(join(folder, 'start.sh'), await scriptOf('postgres-config', 'start.sh'));
  return { data, volume: join(folder, 'data'), script, env: { ...env, PGDATA: data } };
}

test('a database’s first start that was cut short is put aside, a whole one stays as it is', async (t) => {
  const { data, volume, script, env } = await makeDatabase(t);
  const start = async (): Promise<string[]> => {
    assert.deepEqual(await run(['sh', script], env), { code: 0, output: 'started postgres\n' });
    return (await readdir(volume)).filter((name) => !name.startsWith('.')).toSorted();
  };
  assert.deepEqual(await start(), [], 'nothing is there yet');

  await mkdir(data);
  await writeFile(join(data, 'PG_VERSION'), '15\n');
  const [aside = '', ...others] = await start();
  assert.match(aside, /^pgdata\.incomplete-\d+$/);
  assert.deepEqual(others, []);
  assert.equal(await readFile(join(volume, aside, 'PG_VERSION'), 'utf8'), '15\n', 'nothing is deleted');

  await mkdir(data);
  await writeFile(join(data, 'initialized'), '');
  assert.deepEqual(await start(), ['pgdata', aside]);
});

test('a database waits for the one before it on the same volume', async (t) => {
  const { data, volume, script, env } = await makeDatabase(t);
  const start = () => {
    const child = spawn('sh', [script], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    return { child, output: () => output };
  };
  const first = start();
  await eventually(() => assert.equal(first.output(), 'started postgres\n'));
  // Half a database, as at a first start: the successor must not put it aside under the server that makes it.
  await mkdir(data);
  const second = start();
  await eventually(() => assert.match(childrenOf(second.child.pid), /flock/), 20_000, 250);
  assert.equal(second.output(), '');
  await writeFile(join(data, 'initialized'), '');
  first.child.stdin.end();
  await eventually(() => assert.equal(second.output(), 'started postgres\n'));
  assert.deepEqual((await readdir(volume)).toSorted(), ['.lock', 'pgdata'], 'the database is where it was');
  second.child.stdin.end();
});

/** What the processes are called that it has started. */
const childrenOf = (pid: number | undefined): string =>
  spawnSync('ps', ['-A', '-o', 'ppid=', '-o', 'args='], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((line) => line.trim().startsWith(`${pid} `))
    .join('\n');

const shells: ReadonlyArray<readonly [argv: readonly [string, ...string[]], input: string, answer: RegExp]> = [
  [['su', '-', 'postgres'], 'echo "$HOME:$(pwd)"', /^\/tmp:.*\/postgresql\n$/],
  [['su', 'postgres'], 'echo shell', /^shell\n$/],
  [['su', 'postgres', '-c', "echo 'a  b'"], '', /^a {2}b\n$/],
  [['su', '-', 'postgres', '-c', 'echo x'], '', /^x\n$/],
  [['su', '-c', 'echo x', 'postgres'], '', /^x\n$/],
  [['sudo', '-i', '-u', 'postgres'], 'echo shell', /^shell\n$/],
  [['sudo', '-iu', 'postgres'], 'echo shell', /^shell\n$/],
  [['sudo', '-u', 'postgres', 'echo', 'a  b'], '', /^a {2}b\n$/],
  [['sudo', '-u', 'postgres', 'sh', '-c', 'echo x'], '', /^x\n$/],
];

const strangers: ReadonlyArray<readonly [string, ...string[]]> = [
  ['su'],
  ['su', '-'],
  ['su', 'root'],
  ['su', '-', 'root', '-c', 'id'],
  ['sudo', 'id'],
  ['sudo', '-i'],
  ['sudo', '-iu', 'root'],
];

test('su and sudo open the shell of postgres, run a command, and become nobody else', async (t) => {
  const { folder, env } = await makeHome(t);
  const home = join(folder, 'postgresql');
  await mkdir(home);
  for (const name of ['su', 'sudo'])
    await write(join(folder, 'bin', name), await scriptOf('postgres-config', 'su'), { '/var/lib/postgresql': home });
  for (const [argv, input, answer] of shells) {
    const { code, output } = await run(argv, env, input);
    assert.match(output, answer, argv.join(' '));
    assert.equal(code, 0, argv.join(' '));
  }
  for (const argv of strangers) {
    const refusal = { code: 1, output: 'this pod is postgres and cannot become root\n' };
    assert.deepEqual(await run(argv, env), refusal, argv.join(' '));
  }
});
