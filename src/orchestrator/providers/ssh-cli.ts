import { pasteable } from '../exec.ts';
import { UsageError } from '../failure.ts';

/** A machine as ssh reaches it. */
export interface SshTarget {
  /** user@host, host, or an alias of ~/.ssh/config. */
  destination: string;
  port?: number | undefined;
  identityFile?: string | undefined;
  /** Further options of ssh_config(5). */
  options: Readonly<Record<string, string>>;
}

/** Nobody is there to type; a dead connection is noticed after a minute. */
const always = {
  BatchMode: 'yes',
  ConnectTimeout: '10',
  ServerAliveInterval: '15',
  ServerAliveCountMax: '4',
  LogLevel: 'ERROR',
} as const;

/** Keys of hosts are learnt at the first contact and then insisted on, in a file of our own. */
export const learnHostKeys = (knownHosts: string): Record<string, string> => ({
  StrictHostKeyChecking: 'accept-new',
  // So that people find a machine's line.
  HashKnownHosts: 'no',
  // ssh takes a list separated by spaces.
  UserKnownHostsFile: `"${knownHosts}"`,
});

/** As Vagrant does: its machines are behind ports of this computer and get new keys whenever they are made anew. */
export const ignoreHostKeys: Readonly<Record<string, string>> = {
  StrictHostKeyChecking: 'no',
  UserKnownHostsFile: '/dev/null',
};

function commonWords({ identityFile, options }: SshTarget): string[] {
  const words = Object.entries({ ...always, ...options }).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return identityFile === undefined ? words : [...words, '-i', identityFile, '-o', 'IdentitiesOnly=yes'];
}

/** The command line that runs a command on the machine; its words arrive there as they are. */
export function sshArgv(target: SshTarget, command: readonly string[], program = 'ssh'): string[] {
  const port = target.port === undefined ? [] : ['-p', String(target.port)];
  return [program, ...commonWords(target), ...port, '--', target.destination, pasteable(command)];
}

/** The command line that copies files into a folder of the machine. */
export function scpArgv(target: SshTarget, files: readonly string[], folder: string, program = 'scp'): string[] {
  const port = target.port === undefined ? [] : ['-P', String(target.port)];
  return [program, '-q', ...commonWords(target), ...port, '--', ...files, `${target.destination}:${folder}/`];
}

/** user@host, host, user@host:port. @throws UsageError */
export function parseHost(text: string): { destination: string; port?: number } {
  const match = /^((?:[\w.-]+@)?[\w][\w.-]*)(?::(\d{1,5}))?$/.exec(text);
  const port = match?.[2] === undefined ? undefined : Number(match[2]);
  if (match?.[1] === undefined || (port !== undefined && (port < 1 || port > 65_535))) {
    throw new UsageError(`"${text}" is no machine: user@host or user@host:port is expected`);
  }
  return port === undefined ? { destination: match[1] } : { destination: match[1], port };
}

/**
 * The sections of an ssh_config(5) as `vagrant ssh-config` prints it: by host, the values by keyword in small letters. The
 * output of `ssh -G HOST`, which has no section, is that of the host "".
 */
export function parseSshConfig(text: string): Map<string, Map<string, string>> {
  const hosts = new Map<string, Map<string, string>>();
  let host = '';
  for (const line of text.split('\n')) {
    const [, keyword = '', quoted, plain] = /^\s*([A-Za-z]+)\s+(?:"(.*)"|(.*?))\s*$/.exec(line) ?? [];
    if (keyword === '') continue;
    const value = quoted ?? plain ?? '';
    if (keyword === 'Host') host = value;
    const section = hosts.get(host) ?? new Map<string, string>();
    hosts.set(host, section);
    // As ssh itself: the first value counts.
    if (keyword !== 'Host' && !section.has(keyword.toLowerCase())) section.set(keyword.toLowerCase(), value);
  }
  return hosts;
}
