import { join } from 'node:path';
import { programFolders } from './config.ts';
import { CommandError, pasteable, run, runInteractive } from './exec.ts';
import { firstExecutable } from './programs.ts';

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

/**
 * Installs packages with the system's package manager where that is possible: as root or through sudo; brew as the user.
 * @param say is told what is being done
 * @returns why it could not be done; undefined when it was
 */
export async function installPackages(
  packages: Packages,
  interactive: boolean,
  say: (line: string) => void,
): Promise<string | undefined> {
  const manager = await findManager();
  if (manager === undefined) return 'there is no apt-get, dnf or brew on this machine';
  const shell = ['sh', '-c', installScript(manager, packages)];
  const argv = manager === 'brew' || process.getuid?.() === 0 ? shell : await withSudo(shell, interactive, say);
  if (argv === undefined) return `${manager} needs root, and there is no sudo without a password`;
  say(`installing ${packages[manager].join(' ')} with ${manager}: ${pasteable(argv).slice(0, 100)}…`);
  try {
    await run(argv, { timeoutMs: installTimeoutMs, onLine: progress(say) });
    return undefined;
  } catch (error) {
    if (error instanceof CommandError) return error.message;
    throw error;
  }
}

async function findManager(): Promise<Manager | undefined> {
  for (const [manager, program] of [
    ['apt', 'apt-get'],
    ['dnf', 'dnf'],
    ['brew', 'brew'],
  ] as const) {
    if ((await firstExecutable(programFolders().map((folder) => join(folder, program)))) !== undefined) return manager;
  }
  return undefined;
}

/** Asks for the password once, on the terminal, if sudo wants one. */
async function withSudo(
  argv: readonly string[],
  interactive: boolean,
  say: (line: string) => void,
): Promise<string[] | undefined> {
  const silent = await run(['sudo', '-n', 'true'], { timeoutMs: 10_000 }).then(
    () => true,
    () => false,
  );
  if (!silent) {
    if (!interactive) return undefined;
    say('sudo may ask for your password now');
    const exit = await runInteractive(['sudo', '-v']).catch(() => ({ code: null }));
    if (exit.code !== 0) return undefined;
  }
  return ['sudo', '-n', ...argv];
}

/** A line of the package manager's every two seconds. */
function progress(say: (line: string) => void): (line: string) => void {
  let last = 0;
  return (line) => {
    if (performance.now() - last < 2_000 || line.trim() === '') return;
    last = performance.now();
    say(`  ${line.trim().slice(0, 100)}`);
  };
}
