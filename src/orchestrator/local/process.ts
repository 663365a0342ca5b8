import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Exit, RunOptions } from '../exec.ts';
import { startInBackground } from '../exec.ts';
import { done, notYet, until } from '../wait.ts';
import { requireFreePorts } from './port-holder.ts';
import { processIdentity } from './process-table.ts';

/** A process that we started, whatever it is. */
export interface ManagedProcess {
  pid: number;
  exited: Promise<Exit>;
  /** Asks it to end, insists after `graceMs`, and returns when it is gone. */
  stop(): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

/** How a process is asked to end. */
export interface Ending {
  stopSignal: NodeJS.Signals;
  /** What follows when `stopSignal` was not enough within `graceMs`. */
  forceSignal: NodeJS.Signals;
  graceMs: number;
}

export interface ProcessSpec extends RunOptions, Ending {
  argv: readonly string[];
  logFile: string;
  /** Remembers the process, so that the next start finds it should we be killed meanwhile. */
  pidFile: string;
  /** Where it will listen on 127.0.0.1. */
  ports: Readonly<Record<string, number>>;
}

/** SIGKILL is certain; what remains is the kernel taking the process apart, under load. */
const killedMs = 10_000;

/**
 * Ends what is left of an earlier run, then starts the process.
 * @throws Failure when somebody else listens on one of its ports: a readiness probe would take that for an answer
 */
export async function startProcess(spec: ProcessSpec): Promise<ManagedProcess> {
  await endLeftover(spec.pidFile);
  await requireFreePorts(spec.ports);
  const { pid, exited } = await startInBackground(spec.argv, spec);
  const { stopSignal, forceSignal, graceMs } = spec;
  const record = JSON.stringify({ pid, identity: await processIdentity(pid), stopSignal, forceSignal, graceMs });
  writeFileSync(spec.pidFile, record, { mode: 0o600 });
  let alive = true;
  const markEnded = async (): Promise<void> => {
    await exited;
    alive = false;
    forget(spec.pidFile, record);
  };
  void markEnded();
  return {
    pid,
    exited,
    kill: (signal) => {
      if (alive) sendSignal(pid, signal);
    },
    stop: async () => {
      await endProcess(pid, () => alive, spec);
    },
  };
}

/**
 * Ends the process that a pid file remembers, if it still is that process: a pid alone may belong to somebody else by now.
 * @returns the pid that was ended
 */
export async function endLeftover(pidFile: string, how?: Ending): Promise<number | undefined> {
  const record = readRecord(pidFile);
  if (record === undefined) return undefined;
  const { pid, identity } = record;
  const same = async (): Promise<boolean> => identity !== '' && (await processIdentity(pid)) === identity;
  const found = await same();
  if (found) await endProcess(pid, same, how ?? record);
  rmSync(pidFile, { force: true });
  return found ? pid : undefined;
}

/**
 * Asks a process to end, insists, and at last kills it; returns when it is gone.
 * @param alive whether that pid still is the process meant
 */
export async function endProcess(
  pid: number,
  alive: () => boolean | Promise<boolean>,
  { stopSignal, forceSignal, graceMs }: Ending,
): Promise<void> {
  const gone = async () => ((await alive()) ? notYet('still running') : done(undefined));
  const steps = [
    { signal: stopSignal, waitMs: graceMs },
    { signal: forceSignal, waitMs: killedMs },
    { signal: 'SIGKILL' as const, waitMs: killedMs },
  ];
  for (const [index, { signal, waitMs }] of steps.entries()) {
    if (!(await alive()) || !sendSignal(pid, signal)) return;
    // A stopped process (Ctrl-Z, SIGSTOP) acts on signals only once it goes on.
    if (signal !== 'SIGKILL') sendSignal(pid, 'SIGCONT');
    try {
      return await until(`process ${pid} ends after ${signal}`, waitMs, gone, { everyMs: 20 });
    } catch (error) {
      if (index === steps.length - 1) throw error;
    }
  }
}

/** @returns false when there is no such process */
function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

function readRecord(pidFile: string): (Ending & { pid: number; identity: string }) | undefined {
  try {
    return JSON.parse(readFileSync(pidFile, 'utf8')) as Ending & { pid: number; identity: string };
  } catch {
    // None, or one that was being written when the machine went down.
    return undefined;
  }
}

function forget(pidFile: string, record: string): void {
  try {
    if (readFileSync(pidFile, 'utf8') === record) rmSync(pidFile, { force: true });
  } catch {
    // Already gone, with its folder perhaps.
  }
}
