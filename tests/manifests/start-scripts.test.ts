import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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
  child.stdin.end(input);
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
