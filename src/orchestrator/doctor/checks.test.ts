import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { freePort } from '../local/ports.ts';
import { kubectlVersion } from './cluster.checks.ts';
import { checkImages, namesFinding } from './images.checks.ts';
import { checkLocal } from './local.checks.ts';
import { checkRepository } from './repository.checks.ts';

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'orchestrator-doctor-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

async function program(dir: string, name: string, script: string): Promise<void> {
  await writeFile(join(dir, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(dir, name), 0o755);
}

const levels = (findings: readonly { subject: string; level: string }[]) =>
  Object.fromEntries(findings.map(({ subject, level }) => [subject, level]));

test('on a machine without anything, local says what is missing, each with its cure', async (t) => {
  const nothing = await folder(t);
  const findings = await checkLocal({ folders: [nothing] }, { dir: nothing, basePort: await freePort() });
  const found = levels(findings);
  assert.deepEqual([found['Node'], found['npm'], found['PostgreSQL'], found['disk']], ['ok', 'warning', 'ok', 'ok']);
  for (const { level, cure } of findings) assert.equal(cure === undefined || cure === '', level === 'ok');
});

test('RabbitMQ is looked for on the machine, then as a container, then as a package', async (t) => {
  const folders = [await folder(t)];
  const broker = async () =>
    (await checkLocal({ folders }, { dir: folders[0]! })).find(({ subject }) => subject === 'RabbitMQ');
  assert.equal((await broker())?.level, 'error');
  await program(folders[0]!, 'apt-get', 'exit 0');
  assert.match((await broker())?.message ?? '', /local installs it with apt/);
  await program(folders[0]!, 'docker', 'exit 0');
  assert.match((await broker())?.message ?? '', /docker would run it as a container/);
});

test('a port of local that is taken is an error that names its holder', async (t) => {
  const server = createServer().listen(await freePort(), '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const findings = await checkLocal({ folders: [] }, { dir: await folder(t), basePort: port });
  const ports = findings.find(({ subject }) => subject === 'ports');
  assert.equal(ports?.level, 'error');
  assert.match(ports?.message ?? '', new RegExp(`Port ${port}, meant for api-gateway, is taken by pid ${process.pid}`));
});

test('a container tool counts only when it answers', async (t) => {
  const dir = await folder(t);
  const tool = async () =>
    (await checkImages({ folders: [dir], user: {} })).find(({ subject }) => subject === 'container tool');
  assert.match((await tool())?.message ?? '', /neither docker nor podman nor buildah/);
  await program(dir, 'docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1');
  assert.match((await tool())?.message ?? '', /docker does not answer/);
  await program(dir, 'buildah', 'exit 0');
  assert.deepEqual([(await tool())?.level, (await tool())?.message], ['ok', `${dir}/buildah answers`]);
});

test("image names in the manifests are the placeholder's, the user's, or a stranger's", () => {
  const manifest = (user: string): string => `image: ${user}/api-gateway:0.1.0\nimage: postgres:15-alpine`;
  assert.equal(namesFinding(manifest('yourusername'), undefined).level, 'ok');
  assert.equal(namesFinding(manifest('me'), 'me').level, 'ok');
  const stranger = namesFinding(manifest('you'), 'me');
  assert.equal(stranger.level, 'warning');
  assert.match(stranger.message, /name the images of you, not of me/);
});

test("kubectl's version is read from what it prints", () => {
  const printed = '{\n  "clientVersion": {\n    "major": "1",\n    "gitVersion": "v1.30.2+k3s1"\n  }\n}';
  assert.deepEqual(kubectlVersion(printed), { name: 'v1.30.2+k3s1', minor: 30 });
  assert.equal(kubectlVersion('command not found'), undefined);
});

test('what earlier commands left in a repository is seen', async (t) => {
  const root = await folder(t);
  const only = async () =>
    (await checkRepository(root)).map(({ level, subject, message }) => `${level} ${subject}: ${message}`);
  assert.deepEqual(await only(), ['ok cluster of this repository: there is none yet']);
  await writeFile(join(root, 'k3s.yaml'), '', { mode: 0o644 });
  assert.deepEqual(await only(), [
    'warning cluster of this repository: k3s.yaml is there, and nothing tells how its cluster was made',
    'warning k3s.yaml: others on this machine can read k3s.yaml (mode 644)',
  ]);
  await chmod(join(root, 'k3s.yaml'), 0o600);
  await mkdir(join(root, '.local/cluster'), { recursive: true });
  await writeFile(join(root, '.local/cluster/cluster.json'), '{}', { mode: 0o600 });
  assert.deepEqual(await only(), ['ok cluster of this repository: k3s.yaml leads to it']);
  await rm(join(root, 'k3s.yaml'));
  assert.match((await only()).join(), /a create did not get to its end/);
});
