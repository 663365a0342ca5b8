import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '@orchestrator/orchestrator/config.ts';
import { run } from '@orchestrator/orchestrator/exec.ts';
import { installPackages } from '@orchestrator/orchestrator/install.ts';
import { findProgram } from '@orchestrator/orchestrator/programs.ts';
import { fillBase } from './base-image.ts';
import { testOf } from './scope.ts';
import type { Scope } from './scope.ts';

const COMMAND_TIMEOUT_MS = 60_000;

/** A store of images of its own, with a base image under the name that the Dockerfiles ask for. */
export interface ImageStore {
  program: string;
  /** What buildah is started with. */
  env: NodeJS.ProcessEnv;
  buildah: (...args: string[]) => Promise<string>;
}

/** Why images cannot be built here; undefined when they can. buildah and busybox are installed where they are missing. */
export async function imageObstacle(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'images are built on Linux only';
  if (process.getuid?.() !== 0) return 'root is needed to build and start images without a daemon';
  if ((await findTools()) !== undefined) return undefined;
  const obstacle = await installPackages(
    { apt: ['buildah', 'busybox-static'], dnf: ['buildah', 'busybox'], brew: [] },
    {
      environment: readEnvironment(),
      interactive: false,
      say: (line) => process.stderr.write(`${line}\n`),
      aside: (ask) => ask(),
    },
  );
  return (await findTools()) === undefined ? `buildah or busybox is missing: ${obstacle}` : undefined;
}

async function findTools(): Promise<{ buildah: string; busybox: string } | undefined> {
  const { folders } = readEnvironment();
  const [buildah, busybox] = await Promise.all(['buildah', 'busybox'].map((name) => findProgram(name, folders)));
  return buildah === undefined || busybox === undefined ? undefined : { buildah, busybox };
}

/** Removed with all its images at the end of the test, or file. */
export async function createImageStore(scope: Scope): Promise<ImageStore> {
  const tools = await findTools();
  if (tools === undefined) throw new Error('buildah or busybox is missing');
  const folder = await mkdtemp(join(tmpdir(), 'images-'));
  const env = {
    ...process.env,
    CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'),
    // Without namespaces and control groups, which are not to be had in every container.
    BUILDAH_ISOLATION: 'chroot',
  };
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
  return { program: tools.buildah, env, buildah };
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
