import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../exec.ts';
import { Failure, UsageError } from '../failure.ts';
import { bringUp } from '../k3s/cluster.ts';
import { loadImages } from '../k3s/images.ts';
import { k3sProgram, serverFirst, setupMark, unitOf } from '../k3s/node.ts';
import type { Node, Nodes } from '../k3s/node.ts';
import { explainFailure } from './known-issues.ts';
import type { Machine, Provider, Work } from './provider.ts';
import { openRemote } from './remote.ssh.ts';
import { learnHostKeys, parseHost, parseSshConfig } from './ssh-cli.ts';
import type { SshTarget } from './ssh-cli.ts';
import { checkSsh } from './ssh.check.ts';

export interface SshOptions {
  /** user@host or user@host:port, the server first; two or more. */
  hosts: readonly string[];
  /** A private key; those of the ssh-agent and of ~/.ssh when absent. */
  identityFile?: string | undefined;
  /** Folder of the cluster's secrets and known hosts, such as .local/cluster/ssh. */
  state: string;
  /** Folder that keeps downloads. */
  cache: string;
  /** Scripts/setup-cluster.sh when absent. */
  script?: string | undefined;
}

/** A machine of the user's before anybody has spoken with it. */
export interface Host {
  name: string;
  role: 'server' | 'agent';
  target: SshTarget;
}

/** Containers end, file systems are unmounted. */
const stopMs = 180_000;
const removeMs = 300_000;

/** Machines that the user has already: K3s is put on them, and nothing else is changed. */
export function createSshProvider(options: SshOptions): Provider {
  const hosts = readHosts(options);

  const connect = async (work: Work): Promise<Nodes> => {
    // ssh makes the file of known hosts, and no folder for it.
    await mkdir(options.state, { recursive: true, mode: 0o700 });
    const nodes: Node[] = [];
    for (const host of hosts) nodes.push(await openNode(host, work));
    return serverFirst(nodes);
  };

  return {
    name: 'ssh',
    check: (work) => checkSsh(hosts, work),
    plan: async (action) =>
      hosts.map(({ name, role, target }) => `${name} (${target.destination}): ${planned[action](unitOf({ role }))}`),
    up: async (work) => {
      const nodes = await connect(work);
      const [server] = nodes;
      return bringUp(nodes, server.otherName ?? server.address, options, work);
    },
    halt: async (work) => {
      const nodes = await connect(work);
      for (const node of nodes.toReversed()) {
        if (!(await isOurs(node, work)) || !(await has(node, '/usr/local/bin/k3s-killall.sh'))) continue;
        work.say(`${node.name}: stopping K3s`);
        // K3s leaves containers running on purpose: the script ends them.
        await asked(node, 'K3s could not be stopped', ['sh', '-c', stopScript(unitOf(node))], stopMs);
      }
    },
    remove: async (work) => {
      const nodes = await connect(work);
      for (const node of nodes.toReversed()) {
        if (!(await isOurs(node, work))) continue;
        const script = `/usr/local/bin/${unitOf(node)}-uninstall.sh`;
        if (await has(node, script)) {
          work.say(`${node.name}: removing K3s`);
          await asked(node, 'K3s could not be removed', [script], removeMs);
        }
        await asked(node, 'Our files could not be removed', ['rm', '-rf', ...ourFiles], removeMs);
      }
      await rm(options.state, { recursive: true, force: true });
    },
    machines: (work) => Promise.all(hosts.map((host) => look(host, work))),
    load: async (archive, references, work) => loadImages(await connect(work), archive, references, work),
  };
}

const planned: Record<'up' | 'halt' | 'remove', (unit: string) => string> = {
  up: (unit) => `Scripts/setup-cluster.sh as root, which installs and starts ${unit}`,
  halt: (unit) => `systemctl stop ${unit}, then k3s-killall.sh`,
  remove: (unit) => `${unit}-uninstall.sh, which removes K3s with all its data`,
};

/** What Scripts/setup-cluster.sh puts there beside K3s; the mark last, so that a removal that is cut off can go on. */
const ourFiles = [
  '/etc/rancher/k3s',
  '/etc/rancher/node',
  '/etc/sysctl.d/90-kubelet.conf',
  '/etc/systemd/logind.conf.d/90-kubelet.conf',
  '/run/lock/setup-cluster',
  setupMark,
];

/** A shim's children are the containers. Most were ended in order before; databases that were not get 30 s to close files. */
const endContainers = `shims=$(pgrep -d, -f '^/var/lib/rancher/k3s/data/[^/]*/bin/containerd-shim') && pkill -P "$shims" && timeout 30 sh -c "while pgrep -P $shims >/dev/null; do sleep 1; done"`;

/** The unit is asked afterwards: the script's own exit code says nothing. */
const stopScript = (unit: string): string =>
  `systemctl stop ${unit} && { ${endContainers}; /usr/local/bin/k3s-killall.sh >/dev/null 2>&1; state=$(systemctl is-active ${unit}); [ "$state" != active ] || { echo "${unit} is $state" >&2; exit 1; }; }`;

/** Names of the nodes: master, agent, agent-2, … @throws UsageError */
export function readHosts({ hosts, identityFile, state }: SshOptions): readonly Host[] {
  if (hosts.length < 2) throw new UsageError('the ssh provider needs two machines or more; the first is the server');
  if (new Set(hosts).size < hosts.length) throw new UsageError('a machine is named twice');
  const options = learnHostKeys(join(state, 'known_hosts'));
  return hosts.map((text, index) => ({
    name: index === 0 ? 'master' : index === 1 ? 'agent' : `agent-${index}`,
    role: index === 0 ? 'server' : 'agent',
    target: { ...parseHost(text), identityFile, options },
  }));
}

async function openNode(host: Host, work: Work): Promise<Node> {
  const remote = await openRemote(host.name, host.target, work);
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(remote.address)) {
    throw new Failure('machine-failed', `${host.name} was reached at ${remote.address}, which is no IPv4 address.`, {
      cure: 'Name the machines by their IPv4 addresses.',
    });
  }
  const otherName = host.role === 'server' ? await hostNameOf(host, work) : undefined;
  return { name: host.name, role: host.role, address: remote.address, otherName, remote };
}

/** What stands behind an alias of ~/.ssh/config: kubectl does not read that file. */
async function hostNameOf({ target }: Host, { signal }: Work): Promise<string> {
  const text = await run(['ssh', '-G', '--', target.destination], { timeoutMs: 10_000, signal });
  return parseSshConfig(text).get('')?.get('hostname') ?? target.destination;
}

async function has({ remote }: Node, path: string): Promise<boolean> {
  return (await remote.run(['sh', '-c', `test -e ${path} && echo yes || echo no`])).trim() === 'yes';
}

/** Without our mark a K3s is somebody else's. */
async function isOurs(node: Node, work: Work): Promise<boolean> {
  const ours = await has(node, setupMark);
  if (!ours) work.say(`${node.name}: no K3s of ours, left as it is`);
  return ours;
}

async function asked(node: Node, what: string, argv: readonly string[], timeoutMs: number): Promise<void> {
  await node.remote.run(argv, { timeoutMs }).catch((error: unknown) => {
    throw explainFailure(`${what} on ${node.name}`, error, {
      kind: 'machine-failed',
      cure: `Look there: systemctl status ${unitOf(node)}. Then run again.`,
    });
  });
}

async function look(host: Host, work: Work): Promise<Machine> {
  const { name, role } = host;
  try {
    const remote = await openRemote(name, host.target, work);
    const question = `systemctl is-active ${unitOf(host)} || true; ls ${k3sProgram} ${setupMark} 2>/dev/null || true`;
    const [active = '', ...found] = (await remote.run(['sh', '-c', question])).split('\n');
    const machine = { name, role, address: remote.address };
    if (!found.includes(k3sProgram)) return { ...machine, state: 'absent', detail: 'K3s is not installed' };
    if (!found.includes(setupMark)) return { ...machine, state: 'absent', detail: 'its K3s is not ours' };
    const state = ['active', 'activating'].includes(active) ? 'running' : 'stopped';
    return { ...machine, state, detail: `K3s is ${active}` };
  } catch (error) {
    work.signal.throwIfAborted();
    return { name, role, state: 'unknown', detail: error instanceof Error ? error.message : String(error) };
  }
}
