import { readdir, readFile, readlink } from 'node:fs/promises';
import { run } from '../exec.ts';
import { Failure } from '../failure.ts';
import { isFree } from './ports.ts';
import { commandLine } from './process-table.ts';

/**
 * Makes sure that nobody listens on these ports of 127.0.0.1.
 * @param ports port by what it is meant for
 * @throws Failure that names every one that is taken, and by whom
 */
export async function requireFreePorts(ports: Readonly<Record<string, number>>): Promise<void> {
  const checks = Object.entries(ports).map(async ([use, port]) => {
    if (await isFree(port)) return [];
    return [`Port ${port}, meant for ${use}, is taken by ${(await portHolder(port)) ?? 'another program'}.`];
  });
  const taken = (await Promise.all(checks)).flat();
  if (taken.length === 0) return;
  throw new Failure('port-in-use', taken.join('\n'), { cure: 'Stop that program, or choose other ports with --port.' });
}

/** Who listens on a TCP port of this machine, as `pid 123 (nginx …)`; undefined when the system does not let us know. */
async function portHolder(port: number): Promise<string | undefined> {
  const pid = process.platform === 'linux' ? await listenerOnLinux(port) : await listenerByLsof(port);
  if (pid === undefined) return undefined;
  const command = (await commandLine(pid)).trim();
  return `pid ${pid} (${command.length > 60 ? `${command.slice(0, 60)}…` : command})`;
}

/** proc(5): the listening sockets of this network with their inodes, then the process that has such a socket open. */
async function listenerOnLinux(port: number): Promise<number | undefined> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const inodes = new Set(tables.flatMap((table) => listeningInodes(table, port)));
  if (inodes.size === 0) return undefined;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    // Another user's process, or one that has just ended.
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const descriptor of descriptors) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
      if (inodes.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? '')) return Number(pid);
    }
  }
  return undefined;
}

/** The inodes of the sockets that listen (state 0A) on a port, from the text of /proc/net/tcp. */
export function listeningInodes(table: string, port: number): string[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === '0A' && local.endsWith(`:${hexPort}`) && inode !== undefined ? [inode] : [];
  });
}

async function listenerByLsof(port: number): Promise<number | undefined> {
  const argv = ['lsof', '-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t'];
  const pid = Number.parseInt(await run(argv, { timeoutMs: 5_000 }).catch(() => ''), 10);
  return Number.isNaN(pid) ? undefined : pid;
}
