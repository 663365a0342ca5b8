import { constants } from 'node:os';
import { glob } from 'node:fs/promises';
import type { Environment } from '../environment.ts';
import { runInteractive } from '../exec.ts';
import { Failure } from '../failure.ts';
import { installPackages } from '../install.ts';
import type { InstallOptions } from '../install.ts';
import { findProgram } from '../programs.ts';
import type { Connection } from './postgres.query.ts';

const packages = { apt: ['postgresql-client'], dnf: ['postgresql'], brew: ['libpq'] };

/** Where packages put psql without putting it into PATH. */
const unusualFolders = ['/usr/lib/postgresql/*/bin', '/opt/homebrew/opt/libpq/bin', '/usr/local/opt/libpq/bin'];

/** Runs psql on the user's terminal and returns its exit code. Installs it first where there is none. */
export async function runPsql(
  connection: Connection,
  args: readonly string[],
  options: InstallOptions & { environment: Environment },
): Promise<number> {
  const { folders, user } = options.environment;
  let psql = await findPsql(folders);
  if (psql === undefined) {
    options.say('there is no psql on this machine');
    const obstacle = await installPackages(packages, options);
    psql = await findPsql(folders);
    if (psql === undefined) throw missing(obstacle, connection);
  }
  const env = {
    ...user,
    PGHOST: connection.host,
    PGPORT: String(connection.port),
    PGUSER: connection.user,
    PGPASSWORD: connection.password,
    PGDATABASE: connection.database,
  };
  // Ctrl-C is psql's: it cancels a query.
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  try {
    const { code, signal } = await runInteractive([psql, ...args], { env });
    return code ?? 128 + constants.signals[signal ?? 'SIGTERM'];
  } finally {
    process.off('SIGINT', ignore);
  }
}

async function findPsql(folders: readonly string[]): Promise<string | undefined> {
  const unusual: string[] = [];
  for (const pattern of unusualFolders) for await (const folder of glob(pattern)) unusual.push(folder);
  return findProgram('psql', [...folders, ...unusual]);
}

function missing(obstacle: string | undefined, { host, port, user, database }: Connection): Failure {
  return new Failure(
    'missing-tool',
    `psql is missing, and could not be installed: ${obstacle ?? 'it is nowhere to be found'}.`,
    {
      cure: [
        'Debian, Ubuntu: sudo apt-get install postgresql-client    Fedora: sudo dnf install postgresql    macOS: brew install libpq',
        `or any other client: host ${host}, port ${port}, database ${database}, user ${user}, password in secrets.json of the data folder`,
      ].join('\n  '),
    },
  );
}
