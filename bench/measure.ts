import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

/** The unit of /proc/PID/stat: Linux shows times in hundredths of a second on every architecture that Node runs on. */
const TICKS_PER_S = 100;

interface Times {
  pid: number;
  parent: number;
  ticks: number;
}

/**
 * CPU seconds that a process has used so far, user and system: all its threads, its descendants, and those of them that have
 * ended (proc(5), fields 14 to 17 of /proc/PID/stat). Steps of 10 ms.
 */
export function cpuSeconds(root: number): number {
  return tree(root).reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_S;
}

/** Memory of a process and its descendants in megabytes; a page that several share counts once (proportional set size). */
export function memoryMb(root: number): number {
  return tree(root).reduce((sum, { pid }) => sum + kilobytes(`/proc/${pid}/smaps_rollup`, 'Pss'), 0) / 1024;
}

/** The most resident memory in megabytes that one process had since `forgetPeak`. */
export function peakMb(pid: number): number {
  return kilobytes(`/proc/${pid}/status`, 'VmHWM') / 1024;
}

export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

function tree(root: number): Times[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => timesOf(Number(name)));
  const found = all.filter(({ pid }) => pid === root);
  if (found.length === 0) throw new Error(`process ${root} has ended`);
  // The array grows while it is walked: children, then theirs.
  for (const { pid } of found) found.push(...all.filter(({ parent }) => parent === pid));
  return found;
}

function timesOf(pid: number): Times[] {
  try {
    // The name, in parentheses, may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
      .map(Number);
    const ticks = fields.slice(11, 15).reduce((sum, each) => sum + each, 0);
    return [{ pid, parent: fields[1] ?? 0, ticks }];
  } catch {
    return [];
  }
}

function kilobytes(path: string, name: string): number {
  try {
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(path, 'utf8'))?.[1] ?? 0);
  } catch {
    // It ended between two looks.
    return 0;
  }
}
