import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { installer, k3s, programs, setupScript, withStandIns } from './machine.stand-ins.ts';

/** A machine in a folder: Scripts/setup-cluster.sh runs on it for real, with stand-ins for what would change a whole system. */
export interface ScratchMachine {
  /** Runs the script and returns its exit code and everything it said. */
  run(...args: string[]): Promise<{ code: number; output: string }>;
  /** What the script had done by other programs since the last look, a line each. */
  calls(): Promise<string[]>;
  /** Sets a state of the machine, such as "addresses"; `undefined` removes it. */
  set(name: string, content: string | undefined): Promise<void>;
  /** Puts a file beside the script, as an upload does. */
  upload(name: string, content: string): Promise<void>;
  /** What stands in a file of the machine, undefined where there is none. */
  read(path: string): Promise<string | undefined>;
  /** Permission bits in octal. */
  mode(path: string): Promise<string>;
  isUploaded(name: string): Promise<boolean>;
}

export async function makeMachine(after: (cleanUp: () => Promise<void>) => void): Promise<ScratchMachine> {
  const home = await mkdtemp(join(tmpdir(), 'orchestrator-machine-'));
  after(() => rm(home, { recursive: true, force: true }));
  const [root, bin, uploads] = [join(home, 'root'), join(home, 'bin'), join(home, 'uploads')];
  for (const folder of [root, bin, uploads, join(home, 'network')]) await mkdir(folder);
  for (const [name, body] of Object.entries(programs))
    await writeFile(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  await writeFile(join(home, 'network/k3s'), k3s);
  await writeFile(join(home, 'network/k3s-arm64'), k3s);
  await writeFile(join(home, 'network/install.sh'), installer);
  await writeFile(join(uploads, 'setup-cluster.sh'), withStandIns(await readFile(setupScript, 'utf8')));
  await chmod(join(uploads, 'setup-cluster.sh'), 0o755);

  const machine: ScratchMachine = {
    run: async (...args) => {
      const env = { PATH: `${bin}:${process.env['PATH']}`, MACHINE: home, CLUSTER_ROOT: root };
      const child = spawn(join(uploads, 'setup-cluster.sh'), args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
      return { code: code as number, output: stdout + stderr };
    },
    calls: async () => {
      const lines = (await readIfThere(join(home, 'calls'))) ?? '';
      await rm(join(home, 'calls'), { force: true });
      return lines.split('\n').filter((line) => line !== '');
    },
    set: async (name, content) => {
      if (content === undefined) await rm(join(home, name), { force: true });
      else {
        await mkdir(dirname(join(home, name)), { recursive: true });
        await writeFile(join(home, name), content);
      }
    },
    upload: (name, content) => writeFile(join(uploads, name), content, { mode: 0o600 }),
    read: (path) => readIfThere(join(root, path)),
    mode: async (path) => ((await stat(join(root, path))).mode & 0o777).toString(8),
    isUploaded: async (name) => (await readIfThere(join(uploads, name))) !== undefined,
  };
  for (const [name, content] of Object.entries({
    processor: 'x86_64\n',
    cgroup: 'cgroup2fs\n',
    ntp: 'yes\n',
    addresses:
      '1: lo    inet 127.0.0.1/8 scope host lo\n2: eth0    inet 10.0.2.15/24 scope global eth0\n3: eth1    inet 192.168.56.10/24 scope global eth1\n',
    ready: 'Ready=True kubelet is posting ready status',
  })) {
    await machine.set(name, content);
  }
  return machine;
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
