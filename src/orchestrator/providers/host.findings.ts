import type { Finding } from '../findings.ts';
import { compareVersions } from './vagrant-cli.ts';

/** Memory for this computer itself beside the machines. */
const ownMemoryMiB = 1024;

/** @param availableMiB what programs can have without swapping; undefined where that cannot be told */
export function memoryFinding(availableMiB: number | undefined, machinesMiB: number): Finding {
  const subject = 'memory';
  const needed = machinesMiB + ownMemoryMiB;
  if (availableMiB === undefined) {
    return {
      level: 'warning',
      subject,
      message: `not looked at on this system; ${needed} MiB are needed`,
      cure: 'See for yourself.',
    };
  }
  const message = `${Math.round(availableMiB)} MiB free, ${needed} MiB needed`;
  if (availableMiB >= needed) return { level: 'ok', subject, message };
  const level = availableMiB >= machinesMiB ? 'warning' : 'error';
  return {
    level,
    subject,
    message,
    cure: 'End other programs, or take smaller machines: MASTER_MEMORY=2048 AGENT_MEMORY=1536 (MiB).',
  };
}

/** MemAvailable of /proc/meminfo, in MiB (proc(5)). */
export function parseAvailableMiB(meminfo: string): number | undefined {
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  return kib === undefined ? undefined : Number(kib) / 1024;
}

const wantedDiskGB = 20;
const neededDiskGB = 10;

/** @param freeGB free space where the machines' disks will be */
export function diskFinding(freeGB: number, where: string): Finding {
  const message = `${freeGB.toFixed(0)} GB free in ${where}, ${wantedDiskGB} GB wanted`;
  if (freeGB >= wantedDiskGB) return { level: 'ok', subject: 'disk', message };
  const level = freeGB >= neededDiskGB ? 'warning' : 'error';
  return { level, subject: 'disk', message, cure: 'Make room: df -h; old machines: vagrant global-status --prune' };
}

/** What Linux says about this computer's virtualisation. */
export interface Processor {
  /** /proc/cpuinfo */
  cpuinfo: string;
  /** /proc/modules */
  modules: string;
  /** /proc/version */
  version: string;
  /** /sys/module/kvm/parameters/enable_virt_at_load, a kernel of 6.12 or newer; "" where there is none */
  enableAtLoad: string;
}

/** VirtualBox from this version on works beside KVM, or rather through it. */
const usesKvm = '7.2.10';

/** @param virtualbox its version; undefined with libvirt, which is KVM */
export function virtualisationFinding(
  { cpuinfo, modules, version, enableAtLoad }: Processor,
  virtualbox?: string,
): Finding {
  const subject = 'virtualisation';
  if (/microsoft/i.test(version) && virtualbox !== undefined) {
    return {
      level: 'error',
      subject,
      message: 'this is WSL, where VirtualBox cannot run',
      cure: 'Run in Windows’ own shell (Git Bash), or take --provider ssh or kubeconfig.',
    };
  }
  const arm = /^CPU implementer/m.test(cpuinfo);
  if (!arm && !/^flags\s*:.*\b(vmx|svm)\b/m.test(cpuinfo)) {
    return {
      level: 'error',
      subject,
      message: 'the processor offers none (neither vmx nor svm in /proc/cpuinfo)',
      cure: 'Enable VT-x or AMD-V in the firmware; inside a virtual machine, enable nested virtualisation for it.',
    };
  }
  const [, inUse] = /^kvm_(?:intel|amd) \d+ (\d+)/m.exec(modules) ?? [];
  if (virtualbox === undefined) {
    if (arm || inUse !== undefined) return { level: 'ok', subject, message: 'there, and KVM has it' };
    return { level: 'error', subject, message: 'KVM is not loaded', cure: 'sudo modprobe kvm_intel, or kvm_amd' };
  }
  if (compareVersions(virtualbox, usesKvm) < 0 && inUse !== undefined) {
    const unload =
      'sudo modprobe -r kvm_intel kvm_amd; for good: kvm.enable_virt_at_load=0 on the kernel’s command line';
    if (Number(inUse) > 0) {
      return {
        level: 'error',
        subject,
        message: 'another virtual machine runs with KVM, and VirtualBox cannot run beside it',
        cure: `End it, then ${unload}`,
      };
    }
    if (/^[Y1]/.test(enableAtLoad)) {
      return {
        level: 'error',
        subject,
        message: 'KVM holds it since its module was loaded, and VirtualBox cannot have it too',
        cure: unload,
      };
    }
  }
  return { level: 'ok', subject, message: 'there' };
}

/** The /24 of the machines. */
const range = '192.168.56.';

/**
 * Whether another network of this computer overlaps that of the machines.
 * @param routes what `ip -j route show table all` prints
 */
export function routeFinding(routes: string): Finding {
  const subject = `network ${range}0/24`;
  const table = JSON.parse(routes) as Array<{ dst?: string; dev?: string }>;
  // VirtualBox' and libvirt's own bridges are where the machines are, or were.
  const other = table.find(({ dst, dev }) => dst !== undefined && overlaps(dst) && !/^(vboxnet|virbr)/.test(dev ?? ''));
  if (other === undefined) return { level: 'ok', subject, message: 'free for the machines' };
  return {
    level: 'error',
    subject,
    message: `used by ${other.dev ?? 'another network'} (${other.dst})`,
    cure: 'Leave that network (a VPN?) while the machines run, or take --provider ssh.',
  };
}

/** Whether a destination of a route (address or CIDR; "default" is none) lies in the range, or the range in it. */
function overlaps(destination: string): boolean {
  const [address = '', length = '32'] = destination.split('/');
  const number = toNumber(address);
  const bits = Math.min(Number(length), 24);
  if (number === undefined || bits === 0) return false;
  const shift = 32 - bits;
  return number >>> shift === toNumber(`${range}0`)! >>> shift;
}

function toNumber(address: string): number | undefined {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined;
  return parts.reduce((number, part) => ((number << 8) | part) >>> 0, 0);
}

/**
 * Whether VirtualBox may make the machines' network.
 * @param networks /etc/vbox/networks.conf; undefined where there is none: then 192.168.56.0/21 is allowed
 */
export function allowedRangeFinding(networks: string | undefined): Finding {
  const subject = '/etc/vbox/networks.conf';
  const allowed = (networks ?? '* 192.168.56.0/21')
    .split('\n')
    .flatMap((line) => /^\s*\*\s*(.*)/.exec(line)?.[1]?.split(/\s+/) ?? []);
  // "* 0.0.0.0/0" is how people allow everything.
  if (allowed.some((entry) => entry.endsWith('/0') || overlaps(entry)))
    return { level: 'ok', subject, message: `allows ${range}0/24` };
  return {
    level: 'error',
    subject,
    message: `does not allow ${range}0/24`,
    cure: "echo '* 192.168.56.0/21' | sudo tee -a /etc/vbox/networks.conf",
  };
}
