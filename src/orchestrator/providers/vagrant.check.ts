import { readFile, statfs } from 'node:fs/promises';
import { homedir } from 'node:os';
import { CommandError, lastLines, run } from '../exec.ts';
import type { Finding } from '../findings.ts';
import { findProgram } from '../programs.ts';
import {
  allowedRangeFinding,
  diskFinding,
  memoryFinding,
  parseAvailableMiB,
  routeFinding,
  virtualisationFinding,
} from './host.findings.ts';
import type { Processor } from './host.findings.ts';
import { explain } from './known-issues.ts';
import type { Work } from './provider.ts';
import { misfit, parseVersion, vagrantMachines } from './vagrant-cli.ts';
import { installVagrant, openVagrant } from './vagrant.run.ts';
import { leftBehind } from './vagrant.traces.ts';

/** A hypervisor whose kernel module hangs says so by not answering. */
const answerMs = 20_000;

/** Looks for what `vagrant up` needs on this computer. */
export async function checkVagrant({ project }: { project: string }, work: Work): Promise<Finding[]> {
  const { user } = work.environment;
  const libvirt = user['VAGRANT_DEFAULT_PROVIDER'] === 'libvirt';
  const virtualbox = libvirt ? undefined : await askVersion('VBoxManage', work);
  const vagrant = await askVersion('vagrant', work);
  const running = vagrant.version === undefined ? 0 : await runningMiB(project, work);
  return [
    vagrantFinding(vagrant),
    ...(virtualbox === undefined ? [] : [virtualboxFinding(virtualbox, vagrant.version)]),
    ...(await lookAtLinux(libvirt ? undefined : (virtualbox?.version ?? '7.0.0'))),
    memoryFinding(await availableMiB(), machinesMiB(user) - running),
    diskFinding(await freeGB(homedir()), homedir()),
    ...(await leftovers(project, work, vagrant.version !== undefined)),
  ];
}

interface Answer {
  /** undefined when it is not there, or does not say. */
  version: string | undefined;
  output: string;
}

async function askVersion(name: string, { environment, signal }: Work): Promise<Answer> {
  const program = await findProgram(name, environment.folders);
  if (program === undefined) return { version: undefined, output: '' };
  const output = await run([program, '--version'], { timeoutMs: answerMs, signal, env: environment.user }).catch(
    (error: unknown) => {
      if (error instanceof CommandError) return error.output;
      throw error;
    },
  );
  return { version: parseVersion(lastLines(output, 1)), output };
}

export function vagrantFinding({ version, output }: Answer): Finding {
  if (version !== undefined) return { level: 'ok', subject: 'Vagrant', message: version };
  if (output === '')
    return { level: 'error', subject: 'Vagrant', message: 'not on this machine', cure: installVagrant };
  return {
    level: 'error',
    subject: 'Vagrant',
    message: `does not work: ${lastLines(output, 1)}`,
    cure: 'vagrant --version; install it anew',
  };
}

/** @param output what `VBoxManage --version` prints: warnings about its kernel module stand before the version */
export function virtualboxFinding({ version, output }: Answer, vagrant: string | undefined): Finding {
  const subject = 'VirtualBox';
  if (output === '') {
    const cure =
      'Install it: https://www.virtualbox.org/wiki/Downloads    or libvirt: vagrant plugin install vagrant-libvirt, then VAGRANT_DEFAULT_PROVIDER=libvirt';
    return { level: 'error', subject, message: 'not on this machine', cure };
  }
  const issue = explain(output);
  if (issue !== undefined)
    return { level: 'error', subject, message: `${version ?? ''} ${issue.cause}`.trim(), cure: issue.cure };
  if (version === undefined) {
    return { level: 'error', subject, message: `does not work: ${lastLines(output, 1)}`, cure: 'VBoxManage --version' };
  }
  const wrong = vagrant === undefined ? undefined : misfit(vagrant, version);
  if (wrong === undefined) return { level: 'ok', subject, message: version };
  return { level: 'error', subject, message: wrong, cure: 'https://developer.hashicorp.com/vagrant/install' };
}

/** What can be read on Linux only. @param virtualbox its version; undefined with libvirt */
async function lookAtLinux(virtualbox: string | undefined): Promise<Finding[]> {
  if (process.platform !== 'linux') {
    const cure = 'See for yourself: netstat -rn | grep 192.168.56';
    return [
      {
        level: 'warning',
        subject: 'virtualisation and networks',
        message: `not looked at on ${process.platform}`,
        cure,
      },
    ];
  }
  const processor: Processor = {
    cpuinfo: await read('/proc/cpuinfo'),
    modules: await read('/proc/modules'),
    version: await read('/proc/version'),
    enableAtLoad: await read('/sys/module/kvm/parameters/enable_virt_at_load'),
  };
  const routes = await run(['ip', '-j', 'route', 'show', 'table', 'all'], { timeoutMs: answerMs }).catch(() => '[]');
  return [
    virtualisationFinding(processor, virtualbox),
    routeFinding(routes),
    ...(virtualbox === undefined ? [] : [allowedRangeFinding((await read('/etc/vbox/networks.conf')) || undefined)]),
  ];
}

const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

const availableMiB = async (): Promise<number | undefined> => parseAvailableMiB(await read('/proc/meminfo'));

async function freeGB(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return (bavail * bsize) / 1e9;
}

type Variables = Readonly<Record<string, string | undefined>>;

const memoryOf = (machine: (typeof vagrantMachines)[number], user: Variables): number =>
  Number(user[machine.memoryVariable] ?? machine.memoryMiB);

export const machinesMiB = (user: Variables): number =>
  vagrantMachines.reduce((sum, machine) => sum + memoryOf(machine, user), 0);

/** What runs already has its memory. */
async function runningMiB(project: string, work: Work): Promise<number> {
  const states = await openVagrant(project, work)
    .then((vagrant) => vagrant.status())
    .catch(() => undefined);
  work.signal.throwIfAborted();
  return vagrantMachines
    .filter(({ name }) => states?.get(name)?.state === 'running')
    .reduce((sum, machine) => sum + memoryOf(machine, work.environment.user), 0);
}

/** Machines that were made here, and whose state no start repairs. */
async function leftovers(project: string, work: Work, hasVagrant: boolean): Promise<Finding[]> {
  const traces = await leftBehind(project);
  if (traces.length === 0) return [];
  if (!hasVagrant) {
    const machines = traces.map(({ name }) => name).join(', ');
    return [
      {
        level: 'error',
        subject: 'leftovers',
        message: `Vagrant made ${machines} here and is gone`,
        cure: installVagrant,
      },
    ];
  }
  const vagrant = await openVagrant(project, work);
  const states = await vagrant.status().catch(() => undefined);
  work.signal.throwIfAborted();
  return leftoverFindings(traces.map(({ name }) => ({ name, state: states?.get(name)?.state ?? 'unknown' })));
}

/** @param machines those that Vagrant has a trace of, and the states in which they are */
export function leftoverFindings(machines: readonly { name: string; state: string }[]): Finding[] {
  return machines.flatMap(({ name, state }): Finding[] => {
    if (state === 'aborted') {
      return [
        { level: 'warning', subject: name, message: 'lost its power', cure: './orchestrator.sh start starts it again' },
      ];
    }
    if (['gurumeditation', 'stuck', 'stopping', 'paused'].includes(state)) {
      return [{ level: 'error', subject: name, message: `hangs (${state})`, cure: `vagrant halt --force ${name}` }];
    }
    if (['not_created', 'inaccessible', 'unknown'].includes(state)) {
      const cure = `vagrant destroy --force ${name}; then remove it in VirtualBox if it is still shown there`;
      return [{ level: 'warning', subject: name, message: `was made here and is ${state} now`, cure }];
    }
    return [];
  });
}
