import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { isFree } from '@orchestrator/orchestrator/local/ports.ts';
import { defaultBasePort, portPlan } from '@orchestrator/orchestrator/local/ports.plan.ts';
import { root } from './readme.ts';
import { testOf } from './scope.ts';
import type { Scope } from './scope.ts';

/** No command of the README takes longer on a busy machine. */
const COMMAND_TIMEOUT_MS = 120_000;

/** What a clone does not have. */
const LEFT_OUT = ['.git', '.local', 'k3s.yaml', 'node_modules'];

/** What of `node_modules` belongs to this copy; the libraries are those that are installed, for a second installation would take a minute. */
const OWN_MODULES = ['@orchestrator', '.bin', '.package-lock.json'];

/** Ports that neither outgoing connections nor other tests use. */
const PORTS = { from: 20_000, to: 25_000 };

/** A copy of the repository on ports of its own, where commands are typed as a user would. */
export interface Clone {
  /** Starts a command, which goes on by itself; ended at the end of the test. */
  start: (command: string) => ChildProcess;
  /** Runs a command to its end and returns what it printed. Throws when it fails. */
  run: (command: string) => Promise<string>;
  /** Translates from the ports of the README to those of this copy, and back. */
  toOwnPorts: (text: string) => string;
  toUsualPorts: (text: string) => string;
  basePort: number;
  folder: string;
}

export async function cloneRepository(scope: Scope): Promise<Clone> {
  const folder = await mkdtemp(join(tmpdir(), 'readme-'));
  const started: ChildProcess[] = [];
  testOf(scope).after(async () => {
    await Promise.all(started.map(stop));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  // As root, PostgreSQL runs as another user, who must get in.
  chmodSync(folder, 0o755);
  await copyRepository(folder);
  const basePort = await freeBlock();
  const shell = (command: string): ChildProcess =>
    spawn('sh', ['-euc', command], { cwd: folder, env: userEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  return {
    basePort,
    folder,
    ...translations(basePort),
    start: (command) => {
      const child = shell(`exec ${command}`);
      started.push(child);
      return child;
    },
    run: async (command) => {
      const child = shell(command);
      const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_TIMEOUT_MS);
      const [printed, complaints] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')]);
      clearTimeout(timer);
      if (child.exitCode === 0) return printed;
      throw new Error(`it ended with ${child.signalCode ?? `exit code ${child.exitCode}`}:\n${printed}${complaints}`);
    },
  };
}

/** Into an empty folder, so that commands can be run there from the first one on. */
export async function copyRepository(to: string): Promise<void> {
  // The age of a file tells whether what is installed is up to date.
  const options = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };
  await cp(root, to, { ...options, filter: (path) => !LEFT_OUT.includes(relative(root, path)) });
  const [modules, ownModules] = [join(root, 'node_modules'), join(to, 'node_modules')];
  await mkdir(ownModules);
  for (const name of await readdir(modules)) {
    if (OWN_MODULES.includes(name)) await cp(join(modules, name), join(ownModules, name), options);
    else if (!name.startsWith('.')) await symlink(join(modules, name), join(ownModules, name));
  }
}

/** In order, as Ctrl-C does. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

/** As a shell has it in which nobody has run npm or a test. */
export function userEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|TEST_|INIT_CWD$)/i.test(name));
  const folders = (process.env['PATH'] ?? '').split(':').filter((path) => !path.includes('node_modules'));
  return { ...Object.fromEntries(entries), PATH: folders.join(':') };
}

async function freeBlock(): Promise<number> {
  for (;;) {
    const base = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from));
    const free = await Promise.all(Object.values(portPlan(base)).map(isFree));
    if (free.every(Boolean)) return base;
  }
}

function translations(basePort: number): Pick<Clone, 'toOwnPorts' | 'toUsualPorts'> {
  const pairs = Object.values(portPlan(0)).map(
    (offset) => [String(defaultBasePort + offset), String(basePort + offset)] as const,
  );
  const translate = (source: string, table: Map<string, string>): string =>
    source.replaceAll(/\b\d{5}\b/g, (port) => table.get(port) ?? port);
  const [own, usual] = [new Map(pairs), new Map(pairs.map(([a, b]) => [b, a] as const))];
  return { toOwnPorts: (source) => translate(source, own), toUsualPorts: (source) => translate(source, usual) };
}
