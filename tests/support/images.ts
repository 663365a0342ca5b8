import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '@orchestrator/orchestrator/config.ts';
import { run, startInBackground } from '@orchestrator/orchestrator/exec.ts';
import { installPackages } from '@orchestrator/orchestrator/install.ts';
import { freePort } from '@orchestrator/orchestrator/local/ports.ts';
import { findProgram } from '@orchestrator/orchestrator/programs.ts';
import { fillBase } from './base-image.ts';
import { eventually } from './eventually.ts';
import { testOf } from './scope.ts';
import type { Scope } from './scope.ts';

const COMMAND_TIMEOUT_MS = 60_000;

const packages = {
  apt: ['buildah', 'busybox-static', 'docker-registry'],
  dnf: ['buildah', 'busybox', 'docker-distribution'],
  brew: [],
  service: 'docker-registry',
};

/** A store of images of its own, with a base image under the name that the Dockerfiles ask for. */
export interface ImageStore {
  program: string;
  /** What buildah is started with. */
  env: NodeJS.ProcessEnv;
  /** Arguments for `buildah build`. */
  flags: readonly string[];
  buildah: (...args: string[]) => Promise<string>;
}

/** Why images cannot be built here; undefined when they can. what that takes is installed where it is missing. */
export async function imageObstacle(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'images are built on Linux only';
  if (process.getuid?.() !== 0) return 'root is needed to build and start images without a daemon';
  if ((await findTools()) !== undefined) return undefined;
  const obstacle = await installPackages(packages, {
    environment: readEnvironment(),
    interactive: false,
    say: (line) => process.stderr.write(`${line}\n`),
    aside: (ask) => ask(),
  });
  return (await findTools()) === undefined ? `buildah, busybox or a registry is missing: ${obstacle}` : undefined;
}

interface Tools {
  buildah: string;
  busybox: string;
  registry: string;
}

async function findTools(): Promise<Tools | undefined> {
  const { folders } = readEnvironment();
  const [buildah, busybox, debian, fedora] = await Promise.all(
    ['buildah', 'busybox', 'docker-registry', 'registry'].map((name) => findProgram(name, folders)),
  );
  const registry = debian ?? fedora;
  if (buildah === undefined || busybox === undefined || registry === undefined) return undefined;
  return { buildah, busybox, registry };
}

/** Removed with all its images at the end of the test, or file. */
export async function createImageStore(scope: Scope): Promise<ImageStore> {
  const tools = await findTools();
  if (tools === undefined) throw new Error('ask imageObstacle first');
  const folder = await mkdtemp(join(tmpdir(), 'images-'));
  const env = {
    ...process.env,
    CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'),
    // Without namespaces and control groups, which are not to be had in every container.
    BUILDAH_ISOLATION: 'chroot',
    CONTAINERS_REGISTRIES_CONF: join(folder, 'registries.conf'),
  };
  // A registry of the tests speaks plain HTTP.
  const registries = [
    'unqualified-search-registries = ["docker.io"]',
    '[[registry]]',
    'location = "localhost"',
    'insecure = true',
  ];
  await writeFile(env.CONTAINERS_REGISTRIES_CONF, registries.join('\n'));
  const buildah = async (...args: string[]): Promise<string> =>
    (await run([tools.buildah, ...args], { env, timeoutMs: COMMAND_TIMEOUT_MS })).trim();
  await chooseDriver(folder, buildah);
  testOf(scope).after(async () => {
    await buildah('rm', '--all');
    await buildah('rmi', '--all', '--force');
    await rm(folder, { recursive: true, force: true });
  });
  const base = join(folder, 'base');
  await mkdir(base);
  await fillBase(base, tools.busybox);
  await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY . /\nENV PATH=/usr/local/bin:/bin\n');
  await buildah(
    'build',
    '--format=docker',
    `--file=${folder}/Dockerfile`,
    '--tag=docker.io/library/node:24-alpine',
    base,
  );
  await rm(base, { recursive: true });
  return { program: tools.buildah, env, buildah, flags: await buildFlags() };
}

/** The network and the npm of this machine: its settings, and what it has downloaded before. The base is there already. */
async function buildFlags(): Promise<string[]> {
  const npm = async (key: string) =>
    (await run(['npm', 'config', 'get', key], { timeoutMs: COMMAND_TIMEOUT_MS })).trim();
  const [settings, cache] = [await npm('userconfig'), await npm('cache')];
  const volumes = [`${cache}:/root/.npm`, ...(existsSync(settings) ? [`${settings}:/root/.npmrc:ro`] : [])];
  return ['--pull=never', '--network=host', ...volumes.map((volume) => `--volume=${volume}`)];
}

/** Overlays where the file system and the container that this may run in allow them; else whole copies, three times as slow. */
async function chooseDriver(folder: string, buildah: ImageStore['buildah']): Promise<void> {
  const configure = (driver: string): Promise<void> => {
    const lines = [
      '[storage]',
      `driver = "${driver}"`,
      `graphroot = "${folder}/${driver}"`,
      `runroot = "${folder}/run"`,
    ];
    return writeFile(join(folder, 'storage.conf'), lines.join('\n'));
  };
  await configure('overlay');
  try {
    await buildah('mount', await buildah('from', 'scratch'));
    await buildah('rm', '--all');
  } catch {
    await configure('vfs');
  }
}

/** Starts a registry of images, empty, on a port of its own; it wants no login. Returns its name: localhost:PORT. */
export async function startRegistry(scope: Scope): Promise<string> {
  const program = (await findTools())?.registry ?? '';
  const folder = await mkdtemp(join(tmpdir(), 'registry-'));
  const name = `localhost:${await freePort()}`;
  const config = {
    version: 0.1,
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: name },
  };
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config));
  const { pid, exited } = await startInBackground([program, 'serve', join(folder, 'config.yml')], {
    logFile: join(folder, 'log'),
  });
  testOf(scope).after(async () => {
    process.kill(pid);
    await exited;
    await rm(folder, { recursive: true, force: true });
  });
  await eventually(async () => assert.equal((await fetch(`http://${name}/v2/`)).status, 200));
  return name;
}
