import { CommandError, run, runInteractive } from './exec.ts';
import type { Exit } from './exec.ts';
import type { Environment } from './environment.ts';
import { findProgram } from './programs.ts';
import { everyTwoSeconds } from './terminal.ts';

/** What a program's package is called by each package manager. */
export interface Packages {
  apt: readonly string[];
  dnf: readonly string[];
  brew: readonly string[];
  /** A system service that comes with it; it is neither started now nor at the next boot. */
  service?: string;
}

type Manager = 'apt' | 'dnf' | 'brew';

/** Downloads included; slower is a network that does not get there. */
const installTimeoutMs = 300_000;

/** The shell line that installs the packages, as root for apt and dnf. */
export function installScript(manager: Manager, packages: Packages): string {
  const names = packages[manager].join(' ');
  if (manager === 'brew') return `HOMEBREW_NO_AUTO_UPDATE=1 brew install ${names}`;
  const { service } = packages;
  const disable =
    service === undefined
      ? ''
      : `; if command -v systemctl >/dev/null; then systemctl disable --now ${service} || true; fi`;
  if (manager === 'dnf') return `set -e; dnf install -y ${names}${disable}`;
  // https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt: 101 forbids to start any service.
  return [
    'set -e; policy=/usr/sbin/policy-rc.d; export DEBIAN_FRONTEND=noninteractive',
    `if [ ! -e $policy ]; then trap 'rm -f $policy' EXIT; printf '#!/bin/sh\\nexit 101\\n' >$policy; chmod 755 $policy; fi`,
    'apt-get update -q',
    `apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 ${names}${disable}`,
  ].join('; ');
}

export interface InstallOptions {
  environment: Pick<Environment, 'folders'>;
  /** Whether somebody is there to be asked for a password. */
  interactive: boolean;
  /** Is told what is being done. */
  say: (line: string) => void;
  /** Keeps everything else off the terminal while a password is asked for. */
  aside: (ask: () => Promise<Exit>) => Promise<Exit>;
}

/**
 * Installs packages with the system's package manager where that is possible: as root or through sudo; brew as the user.
 * @returns why it could not be done; undefined when it was
 */
export async function installPackages(packages: Packages, options: InstallOptions): Promise<string | undefined> {
  const { say } = options;
  const manager = await findManager(options.environment.folders);
  if (manager === undefined) return 'there is no apt-get, dnf or brew on this machine';
  const shell = ['sh', '-c', installScript(manager, packages)];
  const argv = manager === 'brew' || process.getuid?.() === 0 ? shell : await withSudo(shell, options);
  if (argv === undefined) return `${manager} needs root, and there is no sudo without a password`;
  const service = packages.service === undefined ? '' : '; its service will not be started';
  say(`installing ${packages[manager].join(' ')} with ${argv[0] === 'sudo' ? 'sudo ' : ''}${manager}${service}`);
  try {
    await run(argv, { timeoutMs: installTimeoutMs, onLine: everyTwoSeconds(say) });
    return undefined;
  } catch (error) {
    if (error instanceof CommandError) return error.message;
    throw error;
  }
}

/** The package manager of this machine. */
export async function findManager(folders: readonly string[]): Promise<Manager | undefined> {
  for (const [manager, program] of [
    ['apt', 'apt-get'],
    ['dnf', 'dnf'],
    ['brew', 'brew'],
  ] as const) {
    if ((await findProgram(program, folders)) !== undefined) return manager;
  }
  return undefined;
}

/** Asks for the password once, on the terminal, if sudo wants one. */
async function withSudo(
  argv: readonly string[],
  { interactive, say, aside }: InstallOptions,
): Promise<string[] | undefined> {
  const silent = await run(['sudo', '-n', 'true'], { timeoutMs: 10_000 }).then(
    () => true,
    () => false,
  );
  if (!silent) {
    if (!interactive) return undefined;
    say('sudo may ask for your password now');
    const exit = await aside(() => runInteractive(['sudo', '-v'])).catch(() => undefined);
    if (exit?.code !== 0) return undefined;
  }
  return ['sudo', '-n', ...argv];
}
