import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { readIfThere, writePrivateFile } from '../files.ts';
import { lockDataFolder } from '../local/data-folder.ts';
import { clusterFolder } from './record.ts';

const holderFile = join(clusterFolder, 'holder.json');

/**
 * One command at a time changes the cluster. The operating system lets go of the lock when the process ends in whatever way.
 * @param command for the message to whoever comes meanwhile
 * @throws Failure busy
 */
export async function lockCluster(command: string): Promise<Disposable> {
  await mkdir(clusterFolder, { recursive: true });
  const lock = lockDataFolder(clusterFolder);
  if (lock === undefined) {
    const holder = await readIfThere(holderFile);
    const { pid, command: other } = JSON.parse(holder ?? '{}') as { pid?: number; command?: string };
    throw new Failure('busy', `${other ?? 'Another command'} (pid ${pid ?? 'unknown'}) is at work on this cluster.`, {
      cure: 'Wait until it has ended, or end it with Ctrl-C in its terminal; then run this again.',
    });
  }
  await writePrivateFile(holderFile, JSON.stringify({ pid: process.pid, command }));
  return lock;
}
