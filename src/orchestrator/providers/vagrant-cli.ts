import type { Machine } from './provider.ts';
import { ignoreHostKeys, parseSshConfig } from './ssh-cli.ts';
import type { SshTarget } from './ssh-cli.ts';

/** The machines of the Vagrantfile, the server first; a test proves that both say the same. */
export const vagrantMachines = [
  { name: 'master', role: 'server', address: '192.168.56.10', memoryVariable: 'MASTER_MEMORY', memoryMiB: 2560 },
  { name: 'agent', role: 'agent', address: '192.168.56.11', memoryVariable: 'AGENT_MEMORY', memoryMiB: 2048 },
] as const;

/** The arguments of vagrant. Nothing is asked for: nobody may be there to answer. */
export const vagrantWords = {
  /** What runs inside the machines is brought there by ssh, where its errors can be seen. */
  up: (names: readonly string[]) => ['up', '--no-provision', ...names],
  reload: (name: string) => ['reload', '--no-provision', name],
  halt: (name: string) => ['halt', name],
  destroy: () => ['destroy', '--force'],
  status: () => ['status', '--machine-readable'],
  sshConfig: (names: readonly string[]) => ['ssh-config', ...names],
} as const;

/** A machine in the words of Vagrant's provider. */
export interface VagrantState {
  /** virtualbox, libvirt, … */
  provider: string;
  /** running, poweroff, aborted, saved, shutoff, not_created, … */
  state: string;
}

/**
 * The machines in the output of `vagrant status --machine-readable`: lines "timestamp,target,type,data"
 * (https://developer.hashicorp.com/vagrant/docs/cli/machine-readable). It exits with 0 whatever the states are.
 */
export function parseStatus(text: string): Map<string, VagrantState> {
  const machines = new Map<string, VagrantState>();
  for (const line of text.split('\n')) {
    const [, target = '', type = '', data = ''] = line.trim().split(',');
    if (target === '' || (type !== 'state' && type !== 'provider-name')) continue;
    const machine = machines.get(target) ?? { provider: '', state: 'unknown' };
    machines.set(target, type === 'state' ? { ...machine, state: data } : { ...machine, provider: data });
  }
  return machines;
}

/** The message of a machine-readable error, as people read it. */
export function parseErrors(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [, , type = '', , message = ''] = line.trim().split(',');
    return type === 'error-exit' ? [message.replaceAll('%!(VAGRANT_COMMA)', ',').replaceAll(String.raw`\n`, '\n')] : [];
  });
}

/** Switched off, in the words of VirtualBox and of libvirt; "saved" keeps its memory, "aborted" lost its power. */
const stopped = ['poweroff', 'shutoff', 'aborted', 'saved', 'shutdown', 'crashed'];

/** Whether it can be started and used as it is now. */
export function machineState(state: string): Machine['state'] {
  if (state === 'running') return 'running';
  if (state === 'not_created') return 'absent';
  return stopped.includes(state) ? 'stopped' : 'unknown';
}

/** How ssh reaches the machines, from the output of `vagrant ssh-config`. */
export function parseTargets(text: string): Map<string, SshTarget> {
  const targets = new Map<string, SshTarget>();
  for (const [name, values] of parseSshConfig(text)) {
    const host = values.get('hostname');
    if (host === undefined) continue;
    const user = values.get('user') ?? 'vagrant';
    const port = values.get('port');
    const proxy = values.get('proxycommand');
    targets.set(name, {
      destination: `${user}@${host}`,
      port: port === undefined ? undefined : Number(port),
      identityFile: values.get('identityfile'),
      options: proxy === undefined ? ignoreHostKeys : { ...ignoreHostKeys, ProxyCommand: proxy },
    });
  }
  return targets;
}

/** The first three numbers in what `--version` prints: "Vagrant 2.4.9", "7.2.4r170995". */
export function parseVersion(text: string): string | undefined {
  return /\b(\d+\.\d+\.\d+)/.exec(text)?.[1];
}

/** Below 0 when a is older than b. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [a, b].map((version) => version.split('.').map(Number)) as [number[], number[]];
  return x.map((number, index) => number - (y[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** The newest VirtualBox that a Vagrant can drive (its CHANGELOG: GH-13513, GH-13709); it refuses newer ones. */
const pairs = [
  { vagrant: '2.4.9', virtualbox: '7.2' },
  { vagrant: '2.4.2', virtualbox: '7.1' },
  { vagrant: '2.3.2', virtualbox: '7.0' },
  { vagrant: '2.2.14', virtualbox: '6.1' },
] as const;

/**
 * Why this Vagrant cannot drive this VirtualBox; undefined when it can.
 */
export function misfit(vagrant: string, virtualbox: string): string | undefined {
  const newest = pairs.find((pair) => compareVersions(vagrant, pair.vagrant) >= 0)?.virtualbox ?? '6.0';
  const minor = virtualbox.split('.').slice(0, 2).join('.');
  if (compareVersions(minor, newest) <= 0) return undefined;
  const needed = pairs.findLast((pair) => compareVersions(minor, pair.virtualbox) <= 0);
  // Newer than anything we know of: a newer Vagrant may know it.
  if (needed === undefined && compareVersions(vagrant, pairs[0].vagrant) > 0) return undefined;
  const cure = needed === undefined ? 'a newer one than 2.4.9' : `${needed.vagrant} or newer`;
  return `Vagrant ${vagrant} knows VirtualBox up to ${newest}, and ${virtualbox} is installed; Vagrant ${cure} is needed`;
}
