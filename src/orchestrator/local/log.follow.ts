import { open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { tailOf } from './log-file.ts';

/** Short enough to look immediate. */
const lookEveryMs = 250;

export interface FollowOptions {
  /** How many of the lines that are there already. */
  lines: number;
  /** Go on with what is appended. */
  follow: boolean;
  print: (line: string) => void;
  /** Ends the following. */
  signal?: AbortSignal;
}

/**
 * Prints the last lines of some logs, and what is appended to them.
 * @param logs file by name; names are put before each line when there are several
 */
export async function followLogs(logs: ReadonlyMap<string, string>, options: FollowOptions): Promise<void> {
  const width = Math.max(...[...logs.keys()].map((name) => name.length));
  await Promise.all(
    [...logs].map(([name, path]) => {
      const label = logs.size > 1 ? `${name.padEnd(width)}  ` : '';
      return followLog(path, { ...options, print: (line) => options.print(label + line) });
    }),
  );
}

async function followLog(path: string, { lines, follow, print, signal }: FollowOptions): Promise<void> {
  let position = await sizeOf(path);
  const tail = await tailOf(path, lines);
  if (tail !== '') tail.split('\n').forEach(print);
  if (!follow) return;
  for (let partial = ''; ;) {
    await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
    if (signal?.aborted) return;
    const size = await sizeOf(path);
    // Cut to nothing because it had grown too long.
    if (size < position) position = 0;
    if (size === position) continue;
    const whole = (partial + (await readBetween(path, position, size))).split('\n');
    partial = whole.pop() ?? '';
    whole.forEach(print);
    position = size;
  }
}

async function readBetween(path: string, start: number, end: number): Promise<string> {
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
  return buffer.toString('utf8', 0, bytesRead);
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );
