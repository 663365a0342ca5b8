import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tailOf } from '@orchestrator/orchestrator/local/log-file.ts';
import { freePort } from '@orchestrator/orchestrator/local/ports.ts';
import { startProcess } from '@orchestrator/orchestrator/local/process.ts';
import type { ManagedProcess } from '@orchestrator/orchestrator/local/process.ts';
import { done, notYet, until } from '@orchestrator/orchestrator/wait.ts';
import { openStores } from './stores.ts';
import type { Stores } from './stores.ts';

/** What a comparison works with. */
export interface Bench extends Stores {
  folder: string;
  /** Rounds that count, and how long a side works in each. */
  rounds: number;
  seconds: number;
  /** Rounds before them: V8 goes on improving the code of a program for some seconds of its work. */
  warmUps: number;
  signal: AbortSignal;
  say: (line: string) => void;
  /** Starts a program and waits until it is ready. It is stopped at the end of the comparison. */
  start: (program: Program) => Promise<Running>;
  /** The path of a program of this machine; undefined where it is missing. */
  find: (tool: string) => Promise<string | undefined>;
}

export interface Program {
  name: string;
  /** Of Node, or the whole command line of something else. */
  argv: (port: number) => string[];
  env?: (port: number) => Record<string, string>;
  /** What answers 2xx as soon as the program is ready. */
  readyPath: string;
}

export interface Running {
  name: string;
  pid: number;
  port: number;
  stop: () => Promise<void>;
}

export interface BenchOptions {
  folder: string;
  rounds: number;
  seconds: number;
  warmUps: number;
  signal: AbortSignal;
  say: (line: string) => void;
  find: (tool: string) => Promise<string | undefined>;
}

const READY_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 10_000;

/** A bench with nothing started; `end` stops whatever was, the last first. `clear` stops the programs and keeps the stores. */
export function openBench(options: BenchOptions): {
  bench: Bench;
  clear: () => Promise<void>;
  end: () => Promise<void>;
} {
  const { stores, close } = openStores(options);
  const running: ManagedProcess[] = [];

  async function start(program: Program): Promise<Running> {
    options.signal.throwIfAborted();
    const port = await freePort();
    const dir = join(options.folder, `${program.name}-${port}`);
    await mkdir(dir, { recursive: true });
    const child = await launch(program, port, dir);
    running.push(child);
    await Promise.race([ready(program, port, options.signal), failed(program, child, join(dir, 'log'))]);
    return { name: program.name, pid: child.pid, port, stop: () => child.stop() };
  }

  async function clear(): Promise<void> {
    await Promise.all(running.splice(0).map((child) => child.stop()));
  }

  const bench: Bench = { ...options, ...stores, start };
  return {
    bench,
    clear,
    end: async () => {
      await clear();
      await close();
    },
  };
}

/** Starts a program without waiting for it. */
export async function launch(program: Program, port: number, dir: string): Promise<ManagedProcess> {
  return startProcess({
    argv: program.argv(port),
    cwd: dir,
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      NODE_COMPILE_CACHE: compileCache,
      ...program.env?.(port),
    },
    logFile: join(dir, 'log'),
    pidFile: join(dir, 'pid'),
    ports: { [program.name]: port },
    stopSignal: 'SIGTERM',
    forceSignal: 'SIGKILL',
    graceMs: STOP_GRACE_MS,
  });
}

/** As in our images, for both sides. */
const compileCache = fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url));

/** Whether the program answers, with one look. */
export async function isReady(path: string, port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

async function ready({ name, readyPath }: Program, port: number, signal: AbortSignal): Promise<void> {
  const look = async () => ((await isReady(readyPath, port)) ? done(undefined) : notYet('it does not answer'));
  await until(`${name} is ready`, READY_TIMEOUT_MS, look, { signal });
}

async function failed({ name }: Program, child: ManagedProcess, logFile: string): Promise<never> {
  await child.exited;
  throw new Error(`${name} ended while it started:\n${await tailOf(logFile, 12)}`);
}
