import { copyFile, open, stat, truncate } from 'node:fs/promises';
import { lastLines } from '../exec.ts';

/** A component's log may grow to this, then it starts anew; the one before is kept beside it as `.1`. */
const logLimitBytes = 10 * 1024 * 1024;

/** The last lines of a file; empty when there is none. Reads 64 KiB at the most. */
export async function tailOf(path: string, lines: number): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const start = Math.max(0, size - 64 * 1024);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    return lastLines(buffer.toString('utf8', 0, bytesRead), lines);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/**
 * Keeps a log that another process appends to from growing for ever: copied, then cut to nothing, as logrotate's
 * `copytruncate` does. Lines written between the two steps are lost.
 */
export async function limitLog(path: string, limitBytes = logLimitBytes): Promise<void> {
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  if (size <= limitBytes) return;
  await copyFile(path, `${path}.1`);
  await truncate(path);
}
