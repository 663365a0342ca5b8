import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockFindings, machineFindings, parseProbe } from './ssh.check.ts';
import { leftoverFindings, machinesMiB, vagrantFinding, virtualboxFinding } from './vagrant.check.ts';

test('Vagrant and VirtualBox are found, missing, broken, or do not fit', () => {
  assert.equal(vagrantFinding({ version: '2.4.9', output: 'Vagrant 2.4.9\n' }).level, 'ok');
  assert.match(vagrantFinding({ version: undefined, output: '' }).message, /not on this machine/);
  assert.match(
    vagrantFinding({ version: undefined, output: 'cannot load such file -- vagrant\n' }).message,
    /cannot load such file/,
  );

  const answer = (output: string, version?: string) => ({ version, output });
  assert.equal(virtualboxFinding(answer('7.1.4r165100\n', '7.1.4'), '2.4.9').level, 'ok');
  assert.equal(virtualboxFinding(answer('7.1.4r165100\n', '7.1.4'), undefined).level, 'ok');
  assert.match(virtualboxFinding(answer('7.2.4r1\n', '7.2.4'), '2.4.1').message, /Vagrant 2\.4\.9 or newer is needed/);
  assert.match(virtualboxFinding(answer(''), '2.4.9').cure ?? '', /virtualbox\.org/);
  const unloaded = 'WARNING: The vboxdrv kernel module is not loaded. Either there is no module\n7.1.4r165100\n';
  assert.match(virtualboxFinding(answer(unloaded, '7.1.4'), '2.4.9').message, /kernel module is not loaded/);
});

test('the memory of the machines is what the environment says', () => {
  assert.equal(machinesMiB({}), 4608);
  assert.equal(machinesMiB({ MASTER_MEMORY: '4096', AGENT_MEMORY: '1024' }), 5120);
});

test('what an interrupted run left behind is told with its cure', () => {
  const states = ['running', 'poweroff', 'aborted', 'gurumeditation', 'not_created'];
  const findings = leftoverFindings(states.map((state) => ({ name: state, state })));
  assert.deepEqual(
    findings.map(({ subject, level }) => `${subject} ${level}`),
    ['aborted warning', 'gurumeditation error', 'not_created warning'],
  );
  assert.ok(findings.every(({ cure }) => cure !== undefined));
});

const good = {
  system: 'Linux',
  machine: 'x86_64',
  cgroup: 'cgroup2fs',
  systemd: '/usr/bin/systemctl',
  curl: '/usr/bin/curl',
  memory: '3900',
  disk: '35',
  clock: '1',
  firewall: '',
  ports: '*:6443=users:(("k3s-server",pid=7,fd=9)) *:10250=users:(("k3s-server",pid=7,fd=10))',
};

test('a machine of the user’s is judged by one look', () => {
  assert.deepEqual(parseProbe('system=Linux\nports=*:6443=users:(("k3s-server",pid=7))\nfirewall=\nnoise\n'), {
    system: 'Linux',
    ports: '*:6443=users:(("k3s-server",pid=7))',
    firewall: '',
  });
  assert.deepEqual(machineFindings('agent', good), [
    { level: 'ok', subject: 'agent', message: 'x86_64, 3900 MiB, 35 GB free' },
  ]);
  const cases: Array<[field: string, value: string, level: string, message: RegExp]> = [
    ['system', 'Darwin', 'error', /no K3s for it/],
    ['machine', 'armv7l', 'error', /no K3s for it/],
    ['cgroup', 'tmpfs', 'error', /cgroup v1/],
    ['systemd', '', 'error', /no systemd/],
    ['curl', '', 'error', /no curl/],
    ['memory', '980', 'warning', /980 MiB/],
    ['disk', '3', 'error', /3 GB free/],
    ['firewall', 'ufw', 'warning', /firewall is on \(ufw\)/],
    ['foreign', '/usr/local/bin/k3s', 'error', /K3s of somebody else .*\/usr\/local\/bin\/k3s/],
    ['ports', '*:6443=users:(("haproxy",pid=7,fd=9))', 'error', /port taken: \*:6443=.*haproxy/],
  ];
  for (const [field, value, level, message] of cases) {
    const findings = machineFindings('agent', { ...good, [field]: value });
    assert.equal(findings.length, 1, field);
    assert.equal(findings[0]?.level, level, field);
    assert.match(findings[0]?.message ?? '', message);
    assert.ok(findings[0]?.cure, field);
  }
});

test('clocks are compared with each other, not with ours', () => {
  const clocks = (...seconds: number[]) =>
    clockFindings(seconds.map((value, index) => ({ name: `m${index}`, seconds: value })));
  assert.equal(clocks(-3600, -3601)[0]?.level, 'ok');
  assert.match(clocks(0, 90)[0]?.message ?? '', /m1 differs from m0 by 90 s/);
  assert.deepEqual(clocks(), []);
});
