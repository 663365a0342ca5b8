import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandError } from '../exec.ts';
import { Failure } from '../failure.ts';
import { explain, explainFailure, knownIssues } from './known-issues.ts';

/** A line of each, as the programs write it, and a word of the cause that must be told. */
const samples: Array<[output: string, cause: RegExp]> = [
  [
    `An action 'up' was attempted on the machine 'master',\nbut another process is already executing an action on the machine.`,
    /another Vagrant/,
  ],
  ['VBoxManage: error: VT-x is being used by another hypervisor (VERR_VMX_IN_VMX_ROOT_MODE).', /KVM holds/],
  ['VBoxManage: error: AMD-V is being used by another hypervisor (VERR_SVM_IN_USE)', /KVM holds/],
  ['VBoxManage: error: VT-x is not available (VERR_VMX_NO_VMX)', /offers no virtualisation/],
  ['VBoxManage: error: VT-x is disabled in the BIOS for all CPU modes (VERR_VMX_MSR_ALL_VMX_DISABLED)', /firmware/],
  ['VBoxManage: error: AMD-V is disabled in the BIOS (VERR_SVM_DISABLED)', /firmware/],
  ['VERR_NEM_VM_CREATE_FAILED', /Hyper-V/],
  ['WARNING: The vboxdrv kernel module is not loaded.', /kernel module/],
  ['Result Code: NS_ERROR_FAILURE (0x80004005)', /kernel module/],
  ['The IP address configured for the host-only network is not within the\nallowed ranges.', /address range/],
  ['Vagrant could not detect VirtualBox! Make sure VirtualBox is properly installed.', /not on this machine/],
  [
    "The provider 'virtualbox' could not be found, but was requested to\nback the machine 'master'.",
    /cannot work with the VirtualBox/,
  ],
  [
    "The box 'bento/ubuntu-24.04' could not be found or\ncould not be accessed in the remote catalog.",
    /image could not be downloaded/,
  ],
  ['Timed out while waiting for the machine to boot. This means that', /cannot be reached with ssh/],
  ['sudo: a password is required', /asks for a password/],
  ['sh: 1: sudo: not found', /cannot become root/],
  ['Host key verification failed.', /host key/],
  ['ann@10.0.0.1: Permission denied (publickey).', /does not let us in/],
  ['ssh: connect to host 10.0.0.1 port 22: Connection refused', /cannot be reached/],
  ['ssh: Could not resolve hostname nowhere: Name or service not known', /cannot be reached/],
  ['error: this machine has a K3s that this script did not set up.', /somebody else/],
  ['level=error msg="Node password rejected, duplicate hostname or contents of..."', /another password/],
  ['level=fatal msg="token CA hash does not match the Cluster CA certificate hash"', /another token/],
  ['tls: failed to verify certificate: x509: certificate has expired or is not yet valid', /clocks/],
  ["error: the clock differs from the server's by more than 5 s.", /clocks/],
  ['error: no network card of this machine has the address 192.168.56.11.', /has not the address/],
  ['kubelet is configured to not run on a host using cgroup v1', /cgroup v1/],
  ['invalid kernel flag: vm/overcommit_memory, expected value: 1, actual value: 0', /kernel setting/],
  ['error: /tmp/x/k3s has the wrong sha256, and was not used.', /not what it should be/],
  ['cannot execute: exec format error', /another processor/],
  ['listen tcp :6443: bind: address already in use', /holds a port/],
  ['write /var/lib/x: No space left on device', /disk is full/],
  [
    'curl: (6) Could not resolve host: github.com\nerror: https://github.com/x could not be downloaded.',
    /machine could not download/,
  ],
  [
    'Error while connecting to Libvirt: Error making a connection to libvirt URI qemu:///system: Failed to connect socket',
    /service of libvirt does not run/,
  ],
  ['VBoxManage: error: Failed to allocate memory (VERR_NO_MEMORY)', /not enough free memory/],
];

test('every known issue is told by its cause, from what the programs write', () => {
  for (const [output, cause] of samples) {
    const issue = explain(`some lines before\n${output}\nsome lines after`);
    assert.match(issue?.cause ?? `nothing (${output})`, cause);
  }
  const told = new Set(samples.map(([output]) => explain(output)));
  const untold = knownIssues.filter((issue) => !told.has(issue)).map(({ cause }) => cause);
  assert.deepEqual(untold, [], 'every issue has a sample');
});

test('what went well is no issue', () => {
  for (const line of [
    '==> master: Machine booted and ready!',
    'the node master is ready',
    'wrote /etc/rancher/k3s/config.yaml',
    // K3s says so again and again while its own parts come up.
    'level=error msg="dial tcp 127.0.0.1:6443: connect: connection refused"',
  ]) {
    assert.equal(explain(line), undefined, line);
  }
});

test('a failed command becomes a failure with cause and cure, an unknown one keeps its output', () => {
  const fallback = { kind: 'machine-failed', cure: 'Run again.' } as const;
  const exit = { code: 1, signal: null };
  const locked = explainFailure(
    'It could not be started',
    new CommandError(['vagrant', 'up'], exit, samples[0]![0]),
    fallback,
  );
  assert.ok(locked instanceof Failure);
  assert.equal(locked.kind, 'busy');
  assert.match(locked.message, /^It could not be started: another Vagrant is at work/);
  assert.match(locked.cure ?? '', /Wait until it has ended/);

  const unknown = explainFailure('It could not be started', new CommandError(['vagrant', 'up'], exit, 'odd'), fallback);
  assert.ok(unknown instanceof Failure);
  assert.deepEqual(
    [unknown.kind, unknown.message, unknown.cure],
    ['machine-failed', 'It could not be started.', 'Run again.'],
  );
  assert.ok(unknown.cause instanceof CommandError);

  const bug = new TypeError('x');
  assert.equal(explainFailure('It could not be started', bug, fallback), bug);
});
