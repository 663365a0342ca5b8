import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { run } from '../exec.ts';

/**
 * What tells a process from a later one with the same pid: when it started. Empty when there is no such process.
 * Linux: proc(5), field 22 of /proc/pid/stat, counted from boot; elsewhere `ps`, which small Linux images lack.
 */
export async function processIdentity(pid: number): Promise<string> {
  if (process.platform !== 'linux') {
    return (await run(['ps', '-o', 'lstart=', '-p', String(pid)], { timeoutMs: 5_000 }).catch(() => '')).trim();
  }
  try {
    const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    if (afterName[0] === 'Z') return '';
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${afterName[19]}`;
  } catch {
    return '';
  }
}

/** Signals a process. One that has ended meanwhile needs it no more. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The words that a process was started with; empty when there is no such process. */
export async function commandLine(pid: number): Promise<string> {
  if (process.platform !== 'linux') {
    return run(['ps', '-o', 'command=', '-p', String(pid)], { timeoutMs: 5_000 }).catch(() => '');
  }
  return readFile(`/proc/${pid}/cmdline`, 'utf8').then(
    (words) => words.replaceAll('\0', ' '),
    () => '',
  );
}
