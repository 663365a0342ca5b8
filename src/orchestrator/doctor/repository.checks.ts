import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { lockCluster } from '../cluster/lock.ts';
import { Failure } from '../failure.ts';
import { repository } from '../files.ts';
import type { Finding } from '../findings.ts';

/** What git ignores and only its owner may read. */
const privateFiles = ['k3s.yaml', '.local/cluster/cluster.json', '.local/cluster/holder.json', '.local/secrets.json'];

/** What earlier commands left in this repository. */
export async function checkRepository(root = repository): Promise<Finding[]> {
  const [modes, lock] = await Promise.all([checkModes(root), checkLock(root)]);
  return [checkRecord(root), ...lock, ...modes];
}

function checkRecord(root: string): Finding {
  const subject = 'cluster of this repository';
  const hasConfig = existsSync(join(root, 'k3s.yaml'));
  const hasRecord = existsSync(join(root, '.local/cluster/cluster.json'));
  if (hasConfig && hasRecord) return { level: 'ok', subject, message: 'k3s.yaml leads to it' };
  if (!hasConfig && !hasRecord) return { level: 'ok', subject, message: 'there is none yet' };
  return hasRecord
    ? {
        level: 'warning',
        subject,
        message: 'a create did not get to its end: there is no k3s.yaml',
        cure: './orchestrator.sh create   # goes on where it stopped',
      }
    : {
        level: 'warning',
        subject,
        message: 'k3s.yaml is there, and nothing tells how its cluster was made',
        cure: './orchestrator.sh create   # with the --provider that you used; or, if there is no cluster: rm k3s.yaml',
      };
}

async function checkModes(root: string): Promise<Finding[]> {
  const findings = privateFiles.map(async (file): Promise<Finding[]> => {
    const mode = await stat(join(root, file)).then(
      (stats) => stats.mode & 0o777,
      () => 0o600,
    );
    if ((mode & 0o077) === 0) return [];
    const message = `others on this machine can read ${basename(file)} (mode ${mode.toString(8)})`;
    return [{ level: 'warning', subject: file, message, cure: `chmod 600 ${file}` }];
  });
  return (await Promise.all(findings)).flat();
}

/** The operating system lets go of the lock with its process: one that is held is in use. */
async function checkLock(root: string): Promise<Finding[]> {
  if (root !== repository || !existsSync(join(root, '.local/cluster/lock.sqlite'))) return [];
  try {
    (await lockCluster('doctor'))[Symbol.dispose]();
    return [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [{ level: 'warning', subject: 'lock', message: error.message, cure: error.cure ?? '' }];
  }
}
