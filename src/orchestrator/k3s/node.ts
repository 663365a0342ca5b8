import type { Remote } from '../providers/remote.ssh.ts';

/** A machine that is, or becomes, a node of the cluster. */
export interface Node {
  name: string;
  role: 'server' | 'agent';
  /** IPv4 address by which the nodes reach each other. */
  address: string;
  /** What this machine calls it, where that is something else; its certificate holds both. */
  otherName?: string | undefined;
  remote: Remote;
}

/** The server, then its agents. */
export type Nodes = readonly [server: Node, ...agents: Node[]];

export function serverFirst([server, ...agents]: readonly Node[]): Nodes {
  if (server === undefined) throw new TypeError('a cluster without machines');
  return [server, ...agents];
}

/** What systemd calls K3s on it. */
export const unitOf = ({ role }: Pick<Node, 'role'>): string => (role === 'server' ? 'k3s' : 'k3s-agent');

export const k3sProgram = '/usr/local/bin/k3s';
/** Scripts/setup-cluster.sh leaves it on each machine that it makes a node: what K3s is there is ours. */
export const setupMark = '/etc/rancher/.made-by-setup-cluster';
export const nodePasswordFile = '/etc/rancher/node/password';
