import { run } from '../exec.ts';
import { Failure } from '../failure.ts';
import { findProgram } from '../programs.ts';
import { explainFailure } from './known-issues.ts';
import type { Work } from './provider.ts';
import { scpArgv, sshArgv } from './ssh-cli.ts';
import type { SshTarget } from './ssh-cli.ts';

export interface RemoteOptions {
  /** How long the command may take, 60 s when absent: any question is answered by then. */
  timeoutMs?: number;
  onLine?: (line: string) => void;
}

/** A machine on which commands can be run as root. */
export interface Remote {
  /** The machine's address at which ssh reached it, as the machine itself calls it; the other machines use it as well. */
  address: string;
  /** Runs a command as root. @returns what it wrote to stdout @throws CommandError */
  run(argv: readonly string[], options?: RemoteOptions): Promise<string>;
  /** Copies files into a new folder that only its owner can enter. @returns the folder */
  upload(files: readonly string[]): Promise<string>;
  /** Removes a folder of `upload`, as far as that can be done: also after Ctrl-C, never an error. */
  discard(folder: string): Promise<void>;
}

/** ssh gives up after 10 s, plus the login of a busy machine. */
const connectMs = 60_000;
const questionMs = 60_000;
/** An image archive of a gigabyte over a slow wireless network. */
const copyMs = 1_800_000;

/**
 * Logs in, and finds out how to be root there.
 * @param name what the machine is called in messages
 * @throws Failure unreachable, machine-failed
 */
export async function openRemote(name: string, target: SshTarget, work: Work): Promise<Remote> {
  const ssh = await requireProgram('ssh', work);
  const scp = await requireProgram('scp', work);
  const asUser = (argv: readonly string[], options: RemoteOptions = {}): Promise<string> =>
    run(sshArgv(target, argv, ssh), { timeoutMs: questionMs, signal: work.signal, ...options });

  const hello = await asUser(['sh', '-c', 'id -u; echo "$SSH_CONNECTION"'], { timeoutMs: connectMs }).catch(
    (error: unknown) => {
      throw explainFailure(`The machine ${name} (${target.destination}) does not answer`, error, {
        kind: 'unreachable',
        cure: `Try it by hand: ssh ${target.destination} true`,
      });
    },
  );
  const { user, address } = parseHello(hello);
  const sudo = user === '0' ? [] : ['sudo', '-n'];
  if (sudo.length > 0) {
    await asUser([...sudo, 'true']).catch((error: unknown) => {
      throw explainFailure(`On the machine ${name} (${target.destination}) we cannot become root`, error, {
        kind: 'machine-failed',
        cure: 'Use root@HOST, or allow sudo without a password there.',
      });
    });
  }
  return {
    address,
    run: (argv, options) => asUser([...sudo, ...argv], options),
    upload: async (files) => {
      const folder = (await asUser(['mktemp', '-d'])).trim();
      await run(scpArgv(target, files, folder, scp), { timeoutMs: copyMs, signal: work.signal });
      return folder;
    },
    discard: async (folder) => {
      await run(sshArgv(target, [...sudo, 'rm', '-rf', folder], ssh), { timeoutMs: connectMs }).catch(() => undefined);
    },
  };
}

/** The user's number, and the third word of SSH_CONNECTION: "client port server port" (ssh(1)). */
export function parseHello(text: string): { user: string; address: string } {
  const [user = '', connection = ''] = text.trim().split('\n').slice(-2);
  return { user: user.trim(), address: connection.split(' ')[2] ?? '' };
}

/** @throws Failure missing-tool */
async function requireProgram(name: string, { environment }: Work): Promise<string> {
  const path = await findProgram(name, environment.folders);
  if (path !== undefined) return path;
  throw new Failure('missing-tool', `${name} is not on this machine.`, {
    cure: 'Debian, Ubuntu: sudo apt-get install openssh-client    Fedora: sudo dnf install openssh-clients',
  });
}
