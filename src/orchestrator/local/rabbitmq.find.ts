import { glob, readFile, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { findProgram, usualFolders } from '../programs.ts';

/** A RabbitMQ installed on this machine. */
export interface RabbitmqInstallation {
  /** Folder with rabbitmq-server and rabbitmqctl. */
  scripts: string;
  /** Erlang's port mapper daemon, which tells RabbitMQ's tools where the broker listens for them. */
  epmd: string;
  /** Where its scripts find Erlang and what else they call. */
  folders: readonly string[];
  /** Empty when the folder's name does not tell. */
  version: string;
}

/** The scripts themselves, not the wrapper in /usr/sbin of Debian, which lets only root and rabbitmq in and calls su. */
const scriptFolders = [
  '/usr/lib/rabbitmq/bin',
  '/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin',
  '/opt/homebrew/opt/rabbitmq/sbin',
  '/usr/local/opt/rabbitmq/sbin',
  '/home/linuxbrew/.linuxbrew/opt/rabbitmq/sbin',
];

/** The first version with the queue arguments that the system declares (quorum, at-least-once dead-lettering). */
const oldest = [3, 10] as const;

export async function findRabbitmq(folders = usualFolders): Promise<RabbitmqInstallation | undefined> {
  const epmd = await findProgram('epmd', folders);
  if (epmd === undefined) return undefined;
  for (const pattern of [...scriptFolders, ...folders]) {
    for await (const folder of glob(pattern)) {
      const server = await findProgram('rabbitmq-server', [folder]);
      if (server === undefined || (await isDebianWrapper(server))) continue;
      const version = versionIn(await realpath(server));
      if (isSupported(version)) return { scripts: dirname(server), epmd, folders, version };
    }
  }
  return undefined;
}

/** The version in a path such as /usr/lib/rabbitmq/lib/rabbitmq_server-3.10.8/sbin or …/Cellar/rabbitmq/4.1.0/sbin. */
export function versionIn(path: string): string {
  return /rabbitmq(?:_server-|\/)(\d+\.\d+\.\d+)/.exec(path)?.[1] ?? '';
}

/** A version that is not known may be new enough: its start will tell. */
export function isSupported(version: string): boolean {
  const [major = oldest[0], minor = oldest[1]] = version === '' ? [] : version.split('.').map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

async function isDebianWrapper(script: string): Promise<boolean> {
  return (await readFile(script, 'utf8')).includes('su rabbitmq');
}
