import { readFile } from 'node:fs/promises';
import { run } from '../exec.ts';

export interface ProcessUsage {
  /** Processor time since its start, of all cores together. */
  cpuMs: number;
  /** In memory, what it shares with others included. */
  memoryBytes: number;
}

/** What these processes use; one that has ended is left out. Linux: proc(5); elsewhere `ps`, which small Linux images lack. */
export async function readUsage(pids: readonly number[]): Promise<Map<number, ProcessUsage>> {
  if (process.platform !== 'linux') {
    const argv = ['ps', '-o', 'pid=,time=,rss=', '-p', pids.join(',')];
    return parsePs(pids.length === 0 ? '' : await run(argv, { timeoutMs: 5_000 }).catch(() => ''));
  }
  const found = await Promise.all(
    pids.map(async (pid) => {
      const texts = await Promise.all(['stat', 'status'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8'))).catch(
        () => undefined,
      );
      return texts === undefined ? [] : [[pid, parseProc(texts[0] ?? '', texts[1] ?? '')] as const];
    }),
  );
  return new Map(found.flat());
}

/** The kernel counts in these for every program, whatever its own clock does (USER_HZ). */
const ticksPerSecond = 100;

function parseProc(stat: string, status: string): ProcessUsage {
  // The name, which may have spaces, stands in parentheses as the second field; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0;
  return {
    cpuMs: ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1000,
    memoryBytes: Number(kibibytes) * 1024,
  };
}

/** Lines such as `  417   1:02.34  51200`: pid, minutes and seconds (hours, even days in front where there are any), kibibytes. */
export function parsePs(text: string): Map<number, ProcessUsage> {
  const lines = text.matchAll(/^\s*(\d+)\s+(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)\s+(\d+)\s*$/gm);
  return new Map(
    [...lines].map(([, pid, days = 0, hours = 0, minutes, seconds, kibibytes]) => {
      const total = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
      return [Number(pid), { cpuMs: Math.round(total * 1000), memoryBytes: Number(kibibytes) * 1024 }];
    }),
  );
}
