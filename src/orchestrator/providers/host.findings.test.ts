import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  allowedRangeFinding,
  diskFinding,
  memoryFinding,
  parseAvailableMiB,
  routeFinding,
  virtualisationFinding,
} from './host.findings.ts';

test('memory is judged by what programs can still have', () => {
  assert.equal(parseAvailableMiB('MemTotal:       16303020 kB\nMemFree:  100 kB\nMemAvailable:    8388608 kB\n'), 8192);
  assert.equal(parseAvailableMiB(''), undefined);
  assert.equal(memoryFinding(8192, 4608).level, 'ok');
  assert.equal(memoryFinding(5000, 4608).level, 'warning');
  assert.equal(memoryFinding(4000, 4608).level, 'error');
  assert.equal(memoryFinding(undefined, 4608).level, 'warning');
});

test('the disk is judged by the size that two machines grow to', () => {
  assert.deepEqual(
    [50, 15, 5].map((gb) => diskFinding(gb, '/home/ann').level),
    ['ok', 'warning', 'error'],
  );
});

const intel = {
  cpuinfo: 'processor\t: 0\nflags\t\t: fpu vme de vmx est\n',
  modules: '',
  version: 'Linux version 6.8.0',
  enableAtLoad: '',
};

test('virtualisation must be there, and not held by another hypervisor', () => {
  assert.equal(virtualisationFinding(intel, '7.1.4').level, 'ok');
  assert.equal(virtualisationFinding({ ...intel, cpuinfo: 'flags : fpu de svm\n' }, '7.1.4').level, 'ok');
  assert.match(virtualisationFinding({ ...intel, cpuinfo: 'flags : fpu de\n' }, '7.1.4').cure ?? '', /firmware/);
  assert.match(virtualisationFinding({ ...intel, cpuinfo: 'flags : fpu vmxish\n' }, '7.1.4').level, /error/);
  assert.equal(
    virtualisationFinding({ ...intel, version: 'Linux version 5.15.167.4-microsoft-standard-WSL2' }, '7.1.4').level,
    'error',
  );
  const arm = { ...intel, cpuinfo: 'processor\t: 0\nCPU implementer\t: 0x61\n' };
  assert.equal(virtualisationFinding(arm, '7.1.4').level, 'ok');
});

test('KVM and older VirtualBox exclude each other', () => {
  const idle = { ...intel, modules: 'kvm_intel 479232 0 - Live 0x0\nkvm 1409024 1 kvm_intel, Live 0x0\n' };
  const busy = { ...intel, modules: 'kvm_intel 479232 4 - Live 0x0\n' };
  assert.equal(virtualisationFinding(idle, '7.1.4').level, 'ok', 'loaded, and not used: before Linux 6.12 no obstacle');
  assert.match(virtualisationFinding(busy, '7.1.4').message, /another virtual machine runs with KVM/);
  assert.match(virtualisationFinding({ ...idle, enableAtLoad: 'Y\n' }, '7.2.8').cure ?? '', /modprobe -r/);
  assert.equal(virtualisationFinding({ ...idle, enableAtLoad: 'N\n' }, '7.2.8').level, 'ok');
  assert.equal(virtualisationFinding({ ...busy, enableAtLoad: 'Y\n' }, '7.2.10').level, 'ok');
});

test('libvirt needs KVM', () => {
  assert.equal(virtualisationFinding(intel).level, 'error');
  assert.equal(virtualisationFinding({ ...intel, modules: 'kvm_amd 200 0 - Live\n' }).level, 'ok');
});

test('another network in the range of the machines is found', () => {
  const routes = (...list: object[]): string => JSON.stringify(list);
  const usual = [
    { dst: 'default', gateway: '192.168.1.1', dev: 'wlan0' },
    { dst: '192.168.1.0/24', dev: 'wlan0' },
  ];
  assert.equal(routeFinding(routes(...usual)).level, 'ok');
  assert.equal(
    routeFinding(routes(...usual, { dst: '192.168.56.0/24', dev: 'vboxnet0' })).level,
    'ok',
    'the machines’ own',
  );
  for (const dst of ['192.168.56.0/24', '192.168.0.0/16', '192.168.56.10', '192.168.56.128/25', '192.0.0.0/8']) {
    const finding = routeFinding(routes(...usual, { dst, dev: 'tun0' }));
    assert.equal(finding.level, 'error', dst);
    assert.match(finding.message, /used by tun0/);
  }
  for (const dst of ['192.168.57.0/24', '10.0.0.0/8', '0.0.0.0/0', 'fe80::/64', '192.168.5.6']) {
    assert.equal(routeFinding(routes({ dst, dev: 'eth0' })).level, 'ok', dst);
  }
});

test('VirtualBox is asked whether it may have the range', () => {
  assert.equal(allowedRangeFinding(undefined).level, 'ok');
  assert.equal(allowedRangeFinding('# mine\n* 10.0.0.0/8 192.168.0.0/16\n* 2001::/64\n').level, 'ok');
  assert.equal(allowedRangeFinding('* 0.0.0.0/0 ::/0\n').level, 'ok');
  assert.match(allowedRangeFinding('* 10.0.0.0/8\n').cure ?? '', /tee -a \/etc\/vbox\/networks\.conf/);
});
