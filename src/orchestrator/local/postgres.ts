import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CommandError, describeExit, run } from '../exec.ts';
import type { Exit, RunOptions } from '../exec.ts';
import { Failure } from '../failure.ts';
import { done, notYet, until } from '../wait.ts';
import { tailOf } from './log-file.ts';
import { freePort } from './ports.ts';
import { placePostgres } from './postgres.binaries.ts';
import type { PostgresPlace } from './postgres.binaries.ts';
import { createDatabase, queryPostgres } from './postgres.query.ts';
import type { Connection, NewDatabase } from './postgres.query.ts';
import { commandLine } from './process-table.ts';
import { endProcess, startProcess } from './process.ts';
import type { ManagedProcess } from './process.ts';

export interface PostgresOptions {
  /** Folder of this server; made when absent. Two servers never share one. */
  dir: string;
  /** Port on 127.0.0.1; a free one when absent. */
  port?: number;
  /** Password of the superuser `postgres`, who can also connect after the data was made with it. */
  superuserPassword?: string;
  /** Made at the first start. The owner may create extensions that PostgreSQL trusts, such as pg_trgm. */
  database?: NewDatabase;
  logFile?: string;
  /** Gives up the start. */
  signal?: AbortSignal | undefined;
}

export interface PostgresServer extends ManagedProcess {
  port: number;
  /** Where the data really is: not below `dir` when we are root and `dir` is where only root can go. */
  dataDir: string;
  superuser: Connection;
  /** The owner of `options.database`. */
  owner: Connection | undefined;
}

/** initdb writes and syncs 40 MB. */
const initTimeoutMs = 60_000;
/** Crash recovery replays at most max_wal_size, 1 GB. */
const readyTimeoutMs = 60_000;
/** A fast shutdown ends the sessions and writes a checkpoint. */
const stopGraceMs = 15_000;
/** A killed server's sessions see that it is gone within a second; a loaded machine may take longer. */
const orphansMs = 15_000;

const ending = { stopSignal: 'SIGINT', forceSignal: 'SIGQUIT', graceMs: stopGraceMs } as const;

const configuration = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '60',
  shared_buffers: '64MB',
  logging_collector: 'off',
};

/**
 * Starts PostgreSQL 15 and returns when it answers. Several may run side by side, as root or as an ordinary user; after
 * an unclean death of the server or of its starter the next start recovers.
 * @throws Failure with the last lines of its log
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { dir, superuserPassword = 'postgres' } = options;
  const port = options.port ?? (await freePort());
  const place = await placePostgres(dir);
  const dataDir = join(place.home, 'data');
  const logFile = options.logFile ?? join(dir, 'postgres.log');
  await initialize(place, dataDir, superuserPassword);

  const superuser = { host: '127.0.0.1', port, user: 'postgres', password: superuserPassword, database: 'postgres' };
  const server = await launch(
    place,
    {
      dataDir,
      port,
      logFile,
      pidFile: join(dir, 'postgres.pid'),
      ports: { [basename(dir)]: port },
      signal: options.signal,
    },
    superuser,
  );
  try {
    if (options.database !== undefined) await createDatabase(superuser, options.database);
  } catch (error) {
    await server.stop();
    throw error;
  }
  const { database } = options;
  const owner = database && {
    ...superuser,
    user: database.owner,
    password: database.ownerPassword,
    database: database.name,
  };
  return { ...server, port, dataDir, superuser, owner };
}

/** Nothing but this: a PG* variable of the user's would change what is meant here. */
function environment(place: PostgresPlace): RunOptions {
  const env = { LC_ALL: process.platform === 'darwin' ? 'en_US.UTF-8' : 'C' };
  return { env, user: place.user, cwd: place.home };
}

async function initialize(place: PostgresPlace, dataDir: string, password: string): Promise<void> {
  if (existsSync(join(dataDir, 'PG_VERSION'))) return;
  // Made beside and moved into place when complete: an interrupted initdb leaves nothing that looks like data.
  const half = `${dataDir}.new`;
  const passwordFile = join(place.home, 'initdb.password');
  await rm(half, { recursive: true, force: true });
  await writeFile(passwordFile, password, { mode: 0o600 });
  await mkdir(half, { mode: 0o700 });
  for (const path of place.user === undefined ? [] : [passwordFile, half])
    await chown(path, place.user!.uid, place.user!.gid);
  try {
    await initdb(place, half, passwordFile);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(half, dataDir);
}

async function initdb(place: PostgresPlace, dataDir: string, passwordFile: string): Promise<void> {
  // The character type decides whether lower() and ILIKE know É; order stays bytewise, as in the cluster's image.
  const characterTypes =
    process.platform === 'darwin' ? ['en_US.UTF-8', 'UTF-8'] : ['C.UTF-8', 'C.utf8', 'en_US.UTF-8'];
  for (const [index, characterType] of characterTypes.entries()) {
    const argv = [
      join(place.binaries, 'bin/initdb'),
      `--pgdata=${dataDir}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      `--lc-ctype=${characterType}`,
      '--data-checksums',
    ];
    try {
      await run(argv, { ...environment(place), timeoutMs: initTimeoutMs });
      return;
    } catch (error) {
      const unknownLocale = error instanceof CommandError && error.output.includes('invalid locale name');
      if (unknownLocale && index < characterTypes.length - 1) continue;
      throw new Failure('start-failed', `PostgreSQL could not make its data folder ${dataDir}`, {
        cause: error,
        cure: 'It needs glibc (Debian, Ubuntu, Fedora …) or macOS, 100 MB of free disk, and a user that the system knows by name (id -un).',
      });
    }
  }
}

interface LaunchFiles {
  dataDir: string;
  port: number;
  ports: Record<string, number>;
  signal: AbortSignal | undefined;
  logFile: string;
  pidFile: string;
}

async function launch(place: PostgresPlace, files: LaunchFiles, superuser: Connection): Promise<ManagedProcess> {
  const settings = Object.entries({ ...configuration, port: files.port }).flatMap(([key, value]) => [
    '-c',
    `${key}=${value}`,
  ]);
  const argv = [join(place.binaries, 'bin/postgres'), '-D', files.dataDir, ...settings];
  await endForeignStart(files.dataDir);
  const start = async () => {
    const server = await startProcess({ argv, ...environment(place), ...files, ...ending });
    const exit = await firstOf(server, answers(superuser, files.signal));
    if (exit === undefined) return done(server);
    const log = await tailOf(files.logFile, 12);
    // The sessions of a killed server still hold its memory; they are about to notice.
    if (log.includes('pre-existing shared memory block')) return notYet(log);
    throw new Failure('start-failed', `PostgreSQL ended while it started (${describeExit(exit)}). Its log:\n${log}`, {
      cure: `The whole log: ${files.logFile}`,
    });
  };
  return until('PostgreSQL starts', orphansMs, start, { everyMs: 200 });
}

/** Undefined once the server is ready, how it ended otherwise. A server that does not get ready is stopped. */
async function firstOf(server: ManagedProcess, ready: Promise<undefined>): Promise<Exit | undefined> {
  try {
    return await Promise.race([server.exited, ready]);
  } catch (error) {
    await server.stop();
    throw error;
  } finally {
    ready.catch(() => undefined);
  }
}

async function answers(superuser: Connection, signal: AbortSignal | undefined): Promise<undefined> {
  await until(
    'PostgreSQL answers',
    readyTimeoutMs,
    async () => {
      try {
        return done(await queryPostgres(superuser, 'SELECT 1', 2_000));
      } catch (error) {
        const { code, message } = error as Error & { code?: string };
        // invalid_password: waiting will not help.
        if (code === '28P01') throw error;
        return notYet(message);
      }
    },
    { signal },
  );
}

/**
 * A server that runs on this folder and is not in our record was started by somebody else, or by a start that was killed
 * before it could write the record. It is ended; a lock file that no such server holds is removed, for PostgreSQL would
 * refuse to start if its pid belonged to another program by now.
 */
async function endForeignStart(dataDir: string): Promise<void> {
  const lockFile = join(dataDir, 'postmaster.pid');
  const pid = Number((await readFile(lockFile, 'utf8').catch(() => '')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return;
  const ours = async (): Promise<boolean> => (await commandLine(pid)).includes(dataDir);
  await endProcess(pid, ours, ending);
  await rm(lockFile, { force: true });
}
