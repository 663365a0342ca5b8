import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '@orchestrator/orchestrator/local/ports.ts';
import { eventually } from './eventually.ts';
import type { ImageStore } from './images.ts';
import { testOf } from './scope.ts';
import type { Scope } from './scope.ts';

/** What an image says about how it wants to be started. */
export interface ImageConfig {
  User: string;
  Cmd: string[];
  Env: string[];
  WorkingDir: string;
  ExposedPorts: Record<string, unknown>;
  Labels: Record<string, string>;
}

export interface Image {
  config: ImageConfig;
  /** Its files, in a folder of this machine. */
  root: string;
}

/** Lays out the files of an image. */
export async function openImage(store: ImageStore, reference: string): Promise<Image> {
  const inspected = JSON.parse(await store.buildah('inspect', '--type=image', reference)) as {
    OCIv1: { config: ImageConfig };
  };
  const container = await store.buildah('from', '--pull=never', reference);
  return { config: inspected.OCIv1.config, root: await store.buildah('mount', container) };
}

/**
 * The root is mounted read-only, and left for that folder as another user; none of it can be undone from inside. The
 * words that follow are folder and command.
 */
const enter = `set -eu
root=$1 user=$2; shift 2
mount --bind "$root" "$root"
mount --bind /proc "$root/proc"
mount --bind /dev "$root/dev"
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" --groups= "$root" sh -c 'cd "$1"; shift; exec "$@"' sh "$@"`;

/** The command that runs something in an image, as the image's user, with nothing writable but /dev. */
export function enterArgv({ config, root }: Image, command: readonly string[]): string[] {
  return ['unshare', '--mount', 'sh', '-c', enter, 'sh', root, config.User, config.WorkingDir, ...command];
}

/** What the image sets, and the variables that a container is given beside. */
export function containerEnv({ config }: Image, env: Readonly<Record<string, string>>): Record<string, string> {
  const own = Object.fromEntries(config.Env.map((entry) => entry.split(/=(.*)/s, 2) as [string, string]));
  // The first programs are this machine's, until the root has changed.
  return { ...own, ...env, PATH: `${own['PATH']}:/usr/sbin:/usr/bin:/sbin:/bin` };
}

/** Starts what the image starts, on a free port of 127.0.0.1, and returns its address when it is ready. */
export async function startImage(scope: Scope, image: Image, env: Readonly<Record<string, string>>): Promise<string> {
  const [command = '', ...args] = enterArgv(image, image.config.Cmd);
  const [port, metricsPort] = [String(await freePort()), String(await freePort())];
  const child = spawn(command, args, {
    env: containerEnv(image, { HOST: '127.0.0.1', PORT: port, METRICS_PORT: metricsPort, DRAIN_MS: '0', ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let logs = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (logs += text));
  }
  const exited = once(child, 'exit');
  testOf(scope).after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const url = `http://127.0.0.1:${port}`;
  const ready = eventually(async () => {
    const answer = await fetch(`${url}/health/ready`);
    assert.equal(answer.status, 200, await answer.text());
  });
  try {
    await Promise.race([ready, exited.then(() => assert.fail(`it ended with ${child.exitCode}`))]);
  } catch (cause) {
    throw new Error(`${image.config.Cmd.join(' ')} did not become ready; its logs:\n${logs}`, { cause });
  }
  return url;
}
