import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from '../exec.ts';
import { Failure } from '../failure.ts';
import { bringUp } from '../k3s/cluster.ts';
import { loadImages } from '../k3s/images.ts';
import { serverFirst } from '../k3s/node.ts';
import type { Node, Nodes } from '../k3s/node.ts';
import { DeadlineError, done, notYet, until } from '../wait.ts';
import type { Machine, Provider, Work } from './provider.ts';
import { openRemote } from './remote.ssh.ts';
import type { Remote } from './remote.ssh.ts';
import { machineState, vagrantMachines, vagrantWords } from './vagrant-cli.ts';
import { checkVagrant } from './vagrant.check.ts';
import { openVagrant } from './vagrant.run.ts';
import type { Vagrant } from './vagrant.run.ts';
import { leftBehind } from './vagrant.traces.ts';

export interface VagrantOptions {
  /** Folder of the Vagrantfile; Vagrant keeps its own state there, in .vagrant. */
  project: string;
  /** Folder of the cluster's secrets: .local/cluster/vagrant in the project, where the Vagrantfile looks too. */
  state: string;
  /** Folder that keeps downloads from one cluster to the next. */
  cache: string;
  /** Scripts/setup-cluster.sh when absent. */
  script?: string | undefined;
}

/** The first time an image of 1 GB is downloaded, and two machines boot within 10 minutes each. */
const upMs = 3_600_000;
/** The Vagrantfile gives a machine 3 minutes to end by itself. */
const haltMs = 600_000;
const destroyMs = 600_000;
/** Vagrant has set the network up when it says that a machine runs; what is not there by then does not come. */
const addressMs = 15_000;

const names = vagrantMachines.map(({ name }) => name);

/** Two virtual machines on this computer, made by Vagrant with VirtualBox or libvirt. */
export function createVagrantProvider(options: VagrantOptions): Provider {
  const { project } = options;

  const look = async (vagrant: Vagrant): Promise<Machine[]> => {
    const states = await vagrant.status();
    return vagrantMachines.map(({ name, role, address }) => {
      const { state, provider } = states.get(name) ?? { state: 'not_created', provider: '' };
      return {
        name,
        role,
        address,
        state: machineState(state),
        detail: `${state}${provider === '' ? '' : `, ${provider}`}`,
      };
    });
  };

  const connect = async (vagrant: Vagrant, work: Work): Promise<Nodes> => {
    const targets = await vagrant.targets(names);
    const nodes: Node[] = [];
    for (const machine of vagrantMachines) {
      const target = targets.get(machine.name);
      if (target === undefined) {
        throw new Failure('machine-failed', `vagrant ssh-config does not name ${machine.name}.`, {
          cure: 'vagrant status',
        });
      }
      nodes.push({ ...machine, remote: await openRemote(machine.name, target, work) });
    }
    return serverFirst(nodes);
  };

  /** A machine whose start was cut off may run without its address: a restart sets its network up. */
  const requireAddresses = async (vagrant: Vagrant, nodes: Nodes, work: Work): Promise<boolean> => {
    let reloaded = false;
    for (const { name, remote, address } of nodes) {
      if (await hasAddress(remote, address, work.signal)) continue;
      work.say(`${name} runs without its address ${address}: its start was cut off; it is started anew`);
      await vagrant.run(`${name} could not be started anew`, vagrantWords.reload(name), upMs);
      reloaded = true;
    }
    return reloaded;
  };

  return {
    name: 'vagrant',
    check: (work) => checkVagrant(options, work),
    plan: async (action, work) => {
      const vagrant = await openVagrant(project, work);
      return (await look(vagrant)).map((machine) => planLine(action, machine));
    },
    up: async (work) => {
      const vagrant = await openVagrant(project, work);
      const machines = await look(vagrant);
      if (machines.some(({ state }) => state !== 'running')) {
        await vagrant.run('The machines could not be started', vagrantWords.up(names), upMs);
      }
      let nodes = await connect(vagrant, work);
      if (await requireAddresses(vagrant, nodes, work)) nodes = await connect(vagrant, work);
      return bringUp(nodes, vagrantMachines[0].address, options, work);
    },
    halt: async (work) => {
      const vagrant = await openVagrant(project, work);
      // Agents first, so that they can tell the server that they go.
      for (const { name, state } of (await look(vagrant)).toReversed()) {
        if (state === 'stopped' || state === 'absent') continue;
        await vagrant.run(`${name} could not be stopped`, vagrantWords.halt(name), haltMs);
      }
      requireStates(await look(vagrant), ['stopped', 'absent'], 'run on after vagrant halt');
    },
    remove: async (work) => {
      if ((await leftBehind(project)).length > 0) {
        const vagrant = await openVagrant(project, work);
        await vagrant.run('The machines could not be removed', vagrantWords.destroy(), destroyMs);
        requireStates(await look(vagrant), ['absent'], 'are still there after vagrant destroy');
      }
      for (const folder of [options.state, join(project, '.vagrant/machines')]) {
        await rm(folder, { recursive: true, force: true });
      }
    },
    machines: async (work) => look(await openVagrant(project, work)),
    load: async (archive, references, work) => {
      const vagrant = await openVagrant(project, work);
      requireStates(await look(vagrant), ['running'], 'do not run');
      await loadImages(await connect(vagrant, work), archive, references, work);
    },
  };
}

function planLine(action: 'up' | 'halt' | 'remove', { name, address, state, detail }: Machine): string {
  const machine = `${name} (${address})`;
  if (action === 'halt')
    return state === 'running' ? `vagrant halt ${name}` : `${machine}: nothing to stop (${detail})`;
  if (action === 'remove')
    return state === 'absent' ? `${machine}: nothing to remove` : `vagrant destroy --force: ${machine}`;
  const start =
    state === 'running' ? 'runs already' : state === 'absent' ? 'make and start it' : `start it (${detail})`;
  return `${machine}: ${start}, then Scripts/setup-cluster.sh in it`;
}

function requireStates(machines: readonly Machine[], allowed: readonly Machine['state'][], wrong: string): void {
  const others = machines.filter(({ state }) => !allowed.includes(state));
  if (others.length === 0) return;
  throw new Failure(
    'machine-failed',
    `${others.map(({ name, detail }) => `${name} (${detail})`).join(', ')} ${wrong}.`,
    {
      cure: 'Look at them in VirtualBox, or with vagrant status; then run again.',
    },
  );
}

async function hasAddress(remote: Remote, address: string, signal: AbortSignal): Promise<boolean> {
  const seen = async () => {
    const text = await remote.run(['ip', '-o', '-4', 'addr', 'show']);
    return text.includes(` ${address}/`) ? done(true) : notYet(text);
  };
  return until(`the address ${address}`, addressMs, seen, { everyMs: 2_000, signal }).catch((error: unknown) => {
    if (error instanceof DeadlineError || error instanceof CommandError) return false;
    throw error;
  });
}
