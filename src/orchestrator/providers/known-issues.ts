import { CommandError } from '../exec.ts';
import { Failure } from '../failure.ts';
import type { FailureKind } from '../failure.ts';

/** What a failed command's output tells those who have seen it before. */
export interface KnownIssue {
  pattern: RegExp;
  /** What is wrong, in a sentence. */
  cause: string;
  /** What to do now. */
  cure: string;
  /** Its exit code, where another one than that of the step is right. */
  kind?: FailureKind;
}

const firmware = 'Restart the computer, open the firmware settings (F2, F10 or Del) and enable VT-x, AMD-V or SVM.';
const kernelModule =
  'Linux: sudo apt-get install linux-headers-$(uname -r) && sudo /sbin/vboxconfig; with Secure Boot, sign the module as it says. ' +
  'macOS: allow Oracle under System Settings > Privacy & Security, then restart.';

/** The first that matches is told: the particular stand before the general. */
export const knownIssues: readonly KnownIssue[] = [
  {
    pattern: /another process is already executing an action on the machine/,
    cause: 'another Vagrant is at work on these machines',
    cure: 'Wait until it has ended. If there is none, a Vagrant that was killed lives on: ps -ef | grep -i vagrant, then kill its process.',
    kind: 'busy',
  },
  {
    pattern: /VERR_VMX_IN_VMX_ROOT_MODE|VERR_SVM_IN_USE|VT-x is being used by another hypervisor/,
    cause: 'KVM holds the processor’s virtualisation, and VirtualBox cannot have it too',
    cure:
      'Up to VirtualBox 7.2.8: end all other virtual machines, then sudo modprobe -r kvm_intel kvm_amd (for good: kvm.enable_virt_at_load=0 on the ' +
      'kernel’s command line). From 7.2.10 on VirtualBox uses KVM itself: sudo modprobe kvm_intel or kvm_amd.',
  },
  {
    pattern: /VERR_VMX_NO_VMX|VERR_SVM_NO_SVM/,
    cause: 'the processor offers no virtualisation',
    cure: `Inside a virtual machine: enable nested virtualisation for it. Else: ${firmware}`,
  },
  {
    pattern: /VERR_VMX_MSR_ALL_VMX_DISABLED|VERR_VMX_MSR_VMX_DISABLED|VERR_SVM_DISABLED/,
    cause: 'virtualisation is switched off in the firmware',
    cure: firmware,
  },
  {
    pattern: /VERR_NEM_VM_CREATE|VERR_NEM_NOT_AVAILABLE|Hyper-V is in use/i,
    cause: 'Hyper-V holds the processor’s virtualisation',
    cure: 'Windows: bcdedit /set hypervisorlaunchtype off, then restart; WSL 2 is off then as well.',
  },
  {
    pattern: /kernel module is not loaded|vboxdrv|NS_ERROR[^]*0x80004005|VERR_VM_DRIVER_NOT_INSTALLED/,
    cause: 'VirtualBox’s kernel module is not loaded',
    cure: kernelModule,
  },
  {
    pattern: /not within the allowed ranges|not in the allowed ranges|configured for the\s+host-only network/,
    cause: 'VirtualBox does not allow the machines’ address range',
    cure: "echo '* 192.168.56.0/21' | sudo tee -a /etc/vbox/networks.conf",
  },
  {
    pattern: /could not detect VirtualBox|VBoxManage[^]*not found|VBoxManage[^]*No such file/,
    cause: 'VirtualBox is not on this machine, or VBoxManage is not in PATH',
    cure: 'Install it from https://www.virtualbox.org/wiki/Downloads, or use libvirt: vagrant plugin install vagrant-libvirt',
    kind: 'missing-tool',
  },
  {
    pattern:
      /provider '?\w+'? could not be found|has reported that it is not usable|incompatible version of VirtualBox|No usable default provider/,
    cause: 'Vagrant cannot work with the VirtualBox that is installed, or with none',
    cure: 'Vagrant 2.4.1 knows VirtualBox up to 7.0, 2.4.2 up to 7.1, 2.4.9 up to 7.2: install a newer Vagrant, https://developer.hashicorp.com/vagrant/install',
    kind: 'missing-tool',
  },
  {
    pattern: /error: https:\S+ could not be downloaded/,
    cause: 'the machine could not download a file',
    cure: 'It needs a way to github.com. Look there: curl -I https://github.com. Then run again.',
  },
  {
    pattern:
      /The box '[^']*' could not be found|couldn't find any version|error: 404|Could not resolve host:|Failed to connect to .*port 443/,
    cause: 'the machines’ image could not be downloaded',
    cure: 'vagrantcloud.com and vagrantup.com must be reached from here; through a proxy set HTTPS_PROXY. Then run again.',
  },
  {
    pattern: /Timed out while waiting for the machine to boot/,
    cause: 'a machine was started and cannot be reached with ssh',
    cure: 'Look at its screen in VirtualBox. Often memory is short, or virtualisation is off. Then: vagrant reload --no-provision, and run again.',
  },
  {
    pattern: /sudo: .*(password is required|terminal is required)|sudo: no tty present/,
    cause: 'sudo on the machine asks for a password, and nobody is there to type it',
    cure: "On the machine: echo 'USER ALL=(ALL) NOPASSWD: ALL' | sudo tee /etc/sudoers.d/USER (USER is your user there), or use root@HOST.",
  },
  {
    pattern: /sudo: (command )?not found|not in the sudoers file/,
    cause: 'the user on the machine cannot become root',
    cure: 'Use root@HOST, or install sudo there and allow the user to use it without a password.',
  },
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/,
    cause: 'the machine’s host key is not the one of the first contact: it was made anew, or it is another machine',
    cure: 'If you made it anew: remove its line from .local/cluster/ssh/known_hosts.',
    kind: 'unreachable',
  },
  {
    pattern: /Permission denied \(|Too many authentication failures/,
    cause: 'the machine does not let us in',
    cure: 'The key must be in its ~/.ssh/authorized_keys (ssh-copy-id USER@HOST); one with a passphrase must be in the ssh-agent (ssh-add).',
    kind: 'unreachable',
  },
  {
    pattern: /ssh: (connect to host|Could not resolve hostname)|Connection (closed|reset) by \S+ port|banner exchange/,
    cause: 'the machine cannot be reached with ssh',
    cure: 'Is it on, is its address right, is port 22 (or the one given) open? ssh USER@HOST true',
    kind: 'unreachable',
  },
  {
    pattern: /has a K3s that this script did not set up/,
    cause: 'a K3s of somebody else is on the machine, and was left as it is',
    cure: 'Remove it with all its data (sudo k3s-uninstall.sh, on an agent sudo k3s-agent-uninstall.sh), or take another machine.',
  },
  {
    pattern: /Error while connecting to Libvirt/i,
    cause: 'the service of libvirt does not run, or does not let this user in',
    cure: 'sudo systemctl enable --now libvirtd; sudo usermod -aG libvirt $USER, then log in again.',
  },
  {
    pattern: /[Nn]ode password rejected/,
    cause: 'the server knows a node of this name with another password: its machine was made anew',
    cure: 'On the server: sudo k3s kubectl delete node NAME; sudo k3s kubectl -n kube-system delete secret NAME.node-password.k3s. Then run again.',
  },
  {
    pattern: /token CA hash does not match|failed to validate token|: not authorized/,
    cause: 'the agent has another token than the server, or belongs to another cluster',
    cure: 'Remove K3s from the agent (sudo k3s-agent-uninstall.sh) and run again.',
  },
  {
    pattern: /x509: certificate has expired or is not yet valid|differs from the server's by more than/,
    cause: 'the clocks of the machines differ',
    cure: 'On each machine: sudo timedatectl set-ntp true; sudo systemctl restart systemd-timesyncd; date -u. Then run again.',
  },
  {
    pattern: /no network card of this machine has the address|failed to find .*interface/,
    cause: 'a machine has not the address that it should have',
    cure: 'vagrant reload --no-provision, then run again.',
  },
  {
    pattern: /cgroup v1|cgroupv1/,
    cause: 'the machine uses cgroup v1, which Kubernetes refuses from 1.35 on',
    cure: 'Take Ubuntu 22.04, Debian 11 or newer.',
  },
  {
    pattern: /invalid kernel flag: (vm|kernel)/,
    cause: 'a kernel setting is not as the kubelet needs it',
    cure: 'On the machine: sudo sysctl -p /etc/sysctl.d/90-kubelet.conf; something else sets it after that. Then run again.',
  },
  {
    pattern: /wrong sha256/,
    cause: 'a file was not what it should be, and was not used',
    cure: 'Something between here and github.com changes files. Try another network.',
  },
  {
    pattern: /exec format error/,
    cause: 'a program is for another processor',
    cure: 'All machines and images must be amd64, or all arm64.',
  },
  {
    pattern: /address already in use/,
    cause: 'another program holds a port that K3s needs on the machine',
    cure: 'On the machine: sudo ss -ltnp | grep -E ":(6443|10250) ", and stop what is shown.',
    kind: 'port-in-use',
  },
  {
    pattern: /No space left on device|VERR_DISK_FULL/,
    cause: 'a disk is full',
    cure: 'Make 20 GB free (df -h), then run again.',
  },
  {
    pattern: /Cannot allocate memory|VERR_NO_MEMORY|not enough memory/i,
    cause: 'this machine has not enough free memory',
    cure: 'End other programs, or take smaller machines: MASTER_MEMORY=2048 AGENT_MEMORY=1536 (MiB).',
  },
];

export const explain = (output: string): KnownIssue | undefined =>
  knownIssues.find(({ pattern }) => pattern.test(output));

export interface Fallback {
  kind: FailureKind;
  /** What to do when nothing more is known. */
  cure: string;
}

/**
 * What the user is told of a failed command: what could not be done, the cause where it is known, and a cure in any case. An
 * error that is not of a command is returned as it is.
 * @param what what could not be done, as the beginning of a sentence: "The machines could not be started"
 */
export function explainFailure(what: string, error: unknown, fallback: Fallback): unknown {
  if (!(error instanceof CommandError)) return error;
  const issue = explain(error.output);
  const message = issue === undefined ? `${what}.` : `${what}: ${issue.cause}.`;
  return new Failure(issue?.kind ?? fallback.kind, message, { cause: error, cure: issue?.cure ?? fallback.cure });
}
