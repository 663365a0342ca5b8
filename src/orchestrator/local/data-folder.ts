import { access, constants, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from 'node:sqlite';
import { pasteable } from '../exec.ts';
import { Failure } from '../failure.ts';
import { randomPassword } from '../password.ts';

/** In this repository, ignored by git. */
export const defaultDataFolder = fileURLToPath(new URL('../../../.local', import.meta.url));

/** The command line that means the system on this data folder; what it shall do is put behind. */
export function commandOn(dir: string): string {
  return pasteable(['./orchestrator.sh', 'local', ...(dir === defaultDataFolder ? [] : ['--data', dir])]);
}

/** Makes the folder that holds everything the system writes on this machine. */
export async function openDataFolder(dir: string): Promise<void> {
  try {
    // Not 0700: as root the databases run as another user, who must be able to pass through.
    await mkdir(join(dir, 'logs'), { recursive: true, mode: 0o711 });
    await access(dir, constants.W_OK);
    await access(join(dir, 'logs'), constants.W_OK);
  } catch (cause) {
    const user = userInfo().username;
    throw new Failure('not-writable', `The data folder ${dir} cannot be written by ${user}.`, {
      cause,
      cure: `sudo chown -R ${user} '${dir}', or choose another folder with --data DIR`,
    });
  }
}

export interface Secrets {
  superuserPassword: string;
  inventoryPassword: string;
  billingPassword: string;
  /** The broker's user for the services. */
  brokerPassword: string;
  /** The broker's user for people. */
  pagePassword: string;
}

/** Random passwords, made at the first start and kept beside the data that was made with them. */
export async function openSecrets(dir: string): Promise<Secrets> {
  const path = join(dir, 'secrets.json');
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Secrets;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const secrets: Secrets = {
    superuserPassword: randomPassword(),
    inventoryPassword: randomPassword(),
    billingPassword: randomPassword(),
    brokerPassword: randomPassword(),
    pagePassword: randomPassword(),
  };
  await writeFile(`${path}.new`, JSON.stringify(secrets, undefined, 2), { mode: 0o600 });
  await rename(`${path}.new`, path);
  return secrets;
}

/** How long a status query of somebody else may hold the lock. */
const lockWaitMs = 500;

/**
 * Makes sure that one system at a time runs on this folder. The operating system holds the lock (SQLite's exclusive
 * transaction) and lets it go when this process ends in whatever way; nothing stale is ever left.
 * @returns what lets it go; undefined when somebody else holds it
 */
export function lockDataFolder(dir: string): Disposable | undefined {
  const database = new DatabaseSync(join(dir, 'lock.sqlite'), { timeout: lockWaitMs });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return { [Symbol.dispose]: () => database.close() };
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === 5) return undefined;
    throw error;
  }
}
