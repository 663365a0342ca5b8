import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lockCluster } from '../cluster/lock.ts';
import { Failure } from '../failure.ts';
import { lockDataFolder } from '../local/data-folder.ts';
import type { Target } from './target.ts';

/**
 * One command at a time stops and starts parts of a system to see what becomes of it.
 * @param command for the message to whoever comes meanwhile
 * @throws Failure busy
 */
export async function lockTarget(target: Target, command: string): Promise<Disposable> {
  if (target.kind === 'cluster') return lockCluster(command);
  const folder = join(target.dir, 'trial');
  await mkdir(folder, { recursive: true });
  const lock = lockDataFolder(folder);
  if (lock !== undefined) return lock;
  throw new Failure('busy', 'Another command tries this system already.', {
    cure: 'Wait until it has ended, or end it with Ctrl-C in its terminal; then run this again.',
  });
}
