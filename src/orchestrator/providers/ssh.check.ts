import { CommandError, lastLines } from '../exec.ts';
import { Failure } from '../failure.ts';
import type { Finding } from '../findings.ts';
import { k3sProgram, setupMark } from '../k3s/node.ts';
import { architectureOf } from '../k3s/pins.ts';
import type { Work } from './provider.ts';
import { openRemote } from './remote.ssh.ts';
import type { Host } from './ssh.ts';

/** A machine that swaps loses its pods; K3s itself asks for 512 MB on an agent. */
const memoryMiB = 1536;
const diskGB = 10;
/** As Scripts/setup-cluster.sh, which refuses more. */
const maxSkewSeconds = 5;

/** One look at everything: name=value, a line each. Ports are those that K3s needs for itself. */
const probe = `
echo system=$(uname -s)
echo machine=$(uname -m)
echo cgroup=$(stat -fc %T /sys/fs/cgroup)
echo systemd=$(command -v systemctl)
echo curl=$(command -v curl)
echo memory=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
echo disk=$(df -Pk /var/lib | awk 'NR == 2 { print int($4 / 1000 / 1000) }')
echo clock=$(date +%s)
echo firewall=$(for unit in ufw firewalld; do systemctl is-active --quiet $unit && echo $unit; done)
echo foreign=$([ -e ${setupMark} ] || ls -d /etc/rancher/k3s/config.yaml ${k3sProgram} /etc/systemd/system/k3s*.service 2>/dev/null)
echo ports=$(ss -ltnpH 2>/dev/null | awk '$4 ~ /:(6443|10250)$/ { print $4 "=" $6 }')
`;

/** Looks at each machine, and whether their clocks agree. */
export async function checkSsh(hosts: readonly Host[], work: Work): Promise<Finding[]> {
  const looks = await Promise.all(hosts.map((host) => lookAt(host, work)));
  const clocks = looks.flatMap(({ skew }) => (skew === undefined ? [] : [skew]));
  return [...looks.flatMap(({ findings }) => findings), ...clockFindings(clocks)];
}

interface Look {
  findings: Finding[];
  /** The machine's clock minus ours, in seconds. */
  skew?: { name: string; seconds: number };
}

async function lookAt({ name, target }: Host, work: Work): Promise<Look> {
  try {
    const remote = await openRemote(name, target, work);
    const values = parseProbe(await remote.run(['sh', '-c', probe]));
    const now = Date.now() / 1000;
    const reached: Finding = {
      level: 'ok',
      subject: name,
      message: `${target.destination} answers, and we are root there`,
    };
    return {
      findings: [reached, ...machineFindings(name, values)],
      skew: { name, seconds: Number(values['clock']) - now },
    };
  } catch (error) {
    work.signal.throwIfAborted();
    if (error instanceof Failure) {
      return {
        findings: [
          { level: 'error', subject: name, message: error.message, cure: error.cure ?? `ssh ${target.destination}` },
        ],
      };
    }
    if (!(error instanceof CommandError)) throw error;
    return {
      findings: [
        { level: 'error', subject: name, message: lastLines(error.output, 1), cure: `ssh ${target.destination}` },
      ],
    };
  }
}

export function parseProbe(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const [, key, value] = /^(\w+)=(.*)$/.exec(line.trim()) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value]];
    }),
  );
}

/** What one machine has and lacks. */
export function machineFindings(name: string, values: Readonly<Record<string, string>>): Finding[] {
  const {
    system = '',
    machine = '',
    cgroup = '',
    systemd = '',
    curl = '',
    firewall = '',
    foreign = '',
    ports = '',
  } = values;
  const [memory, disk] = [Number(values['memory']), Number(values['disk'])];
  const problems: Array<[level: 'warning' | 'error', wrong: boolean, message: string, cure: string]> = [
    [
      'error',
      system !== 'Linux' || architectureOf(machine) === undefined,
      `${system} on ${machine}: no K3s for it`,
      'Take a Linux machine with an amd64 or arm64 processor.',
    ],
    ['error', cgroup !== 'cgroup2fs', `cgroup v1 (${cgroup})`, 'Take Ubuntu 22.04, Debian 11 or newer.'],
    ['error', systemd === '', 'no systemd', 'Take a distribution with systemd: Ubuntu, Debian, Fedora.'],
    ['error', curl === '', 'no curl', 'apt-get install curl, or dnf install curl'],
    ['warning', memory < memoryMiB, `${memory} MiB of memory, ${memoryMiB} MiB wanted`, 'Give it more memory.'],
    ['error', disk < diskGB, `${disk} GB free in /var/lib, ${diskGB} GB needed`, 'Make room: df -h /var/lib'],
    [
      'error',
      foreign !== '',
      `a K3s of somebody else is there (${foreign})`,
      'Remove it with all its data (k3s-uninstall.sh, on an agent k3s-agent-uninstall.sh), or take another machine.',
    ],
    [
      'warning',
      firewall !== '',
      `a firewall is on (${firewall})`,
      'Between the machines 6443/tcp, 10250/tcp and 8472/udp must be open: https://docs.k3s.io/installation/requirements',
    ],
  ];
  const taken = foreignPorts(ports);
  problems.push(['error', taken.length > 0, `port taken: ${taken.join(', ')}`, 'Stop what holds it: ss -ltnp']);
  const wrong = problems.flatMap(([level, is, message, cure]): Finding[] =>
    is ? [{ level, subject: name, message, cure }] : [],
  );
  return wrong.length > 0
    ? wrong
    : [{ level: 'ok', subject: name, message: `${machine}, ${memory} MiB, ${disk} GB free` }];
}

/** Those held by something else than K3s: `*:6443=users:(("k3s-server",pid=7,fd=9))`. */
function foreignPorts(ports: string): string[] {
  return ports.split(' ').filter((port) => port !== '' && !port.includes('"k3s'));
}

/** Certificates and leases need clocks that agree. Ours only carries the comparison. */
export function clockFindings(clocks: readonly { name: string; seconds: number }[]): Finding[] {
  const [server, ...agents] = clocks;
  if (server === undefined) return [];
  const apart = agents.filter(({ seconds }) => Math.abs(seconds - server.seconds) > maxSkewSeconds);
  if (apart.length === 0) return [{ level: 'ok', subject: 'clocks', message: `agree within ${maxSkewSeconds} s` }];
  const cure = 'On each machine: sudo timedatectl set-ntp true; sudo systemctl restart systemd-timesyncd; date -u';
  return apart.map(({ name, seconds }) => ({
    level: 'error',
    subject: 'clocks',
    message: `${name} differs from ${server.name} by ${Math.round(seconds - server.seconds)} s`,
    cure,
  }));
}
