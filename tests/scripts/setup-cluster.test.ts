import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { parse } from 'yaml';
import { makeMachine } from '../support/machine.ts';
import type { ScratchMachine } from '../support/machine.ts';

const etc = 'etc/rancher/k3s';
/** By it the orchestrator knows the machines that it may stop and clear. */
const mark = 'etc/rancher/.made-by-setup-cluster';

async function makeServer(t: TestContext): Promise<ScratchMachine> {
  const machine = await makeMachine((cleanUp) => t.after(cleanUp));
  await machine.upload('server-token', 'aaaa');
  await machine.upload('agent-token', 'bbbb');
  return machine;
}

async function makeAgent(t: TestContext): Promise<ScratchMachine> {
  const machine = await makeMachine((cleanUp) => t.after(cleanUp));
  await machine.set('addresses', '2: eth0 inet 10.0.2.15/24 scope\n3: enp0s8 inet 192.168.56.11/24 scope\n');
  await machine.set('server-date', 'now');
  await machine.upload('agent-token', 'bbbb');
  await machine.upload('agent.node-password', 'cccc');
  return machine;
}

async function succeed(machine: ScratchMachine, ...args: string[]): Promise<string> {
  const { code, output } = await machine.run(...args);
  assert.equal(code, 0, output);
  return output;
}

async function fail(machine: ScratchMachine, why: RegExp, ...args: string[]): Promise<string> {
  const { code, output } = await machine.run(...args);
  assert.equal(code, 1, output);
  assert.match(output, why);
  return output;
}

test('a server gets its configuration, readable by root only, and starts with it', async (t) => {
  const machine = await makeServer(t);
  await succeed(machine, 'server', 'master', '192.168.56.10', 'k3s.example.org');

  const config = parse((await machine.read(`${etc}/config.yaml`)) ?? '') as Record<string, unknown>;
  assert.equal(config['node-name'], 'master');
  assert.equal(config['node-ip'], '192.168.56.10');
  assert.equal(config['flannel-iface'], 'eth1', 'the card that has the address, not the one of the default route');
  assert.deepEqual(config['tls-san'], ['192.168.56.10', 'master', 'k3s.example.org']);
  assert.equal(config['write-kubeconfig-mode'], '0600');
  assert.equal(config['secrets-encryption'], true);
  assert.deepEqual(config['disable'], ['traefik', 'servicelb']);
  assert.equal(config['protect-kernel-defaults'], true);
  assert.match(String(config['token-file']), /\/etc\/rancher\/k3s\/token$/);
  const kubelet = parse((await machine.read(`${etc}/kubelet.yaml`)) ?? '') as Record<string, unknown>;
  assert.equal(kubelet['shutdownGracePeriod'], '60s');
  assert.match((await machine.read('etc/sysctl.d/90-kubelet.conf')) ?? '', /^vm\.panic_on_oom=0$/m);
  assert.match((await machine.read('etc/systemd/logind.conf.d/90-kubelet.conf')) ?? '', /^InhibitDelayMaxSec=60$/m);
  assert.ok(parse((await machine.read(`${etc}/audit.yaml`)) ?? ''));

  assert.notEqual(await machine.read(mark), undefined);
  assert.equal(await machine.read(`${etc}/token`), 'aaaa');
  assert.equal(await machine.read(`${etc}/agent-token`), 'bbbb');
  assert.equal(await machine.mode(etc), '700');
  for (const file of ['config.yaml', 'kubelet.yaml', 'audit.yaml', 'token', 'agent-token']) {
    assert.equal(await machine.mode(`${etc}/${file}`), '600', file);
  }
  assert.equal(await machine.isUploaded('server-token'), false, 'secrets do not stay where they were uploaded');
  assert.equal(await machine.isUploaded('agent-token'), false);

  const calls = await machine.calls();
  assert.ok(calls.includes('install server skip-download=true skip-start=true'));
  assert.ok(calls.indexOf('systemctl start --no-block k3s') > calls.findIndex((call) => call.startsWith('install')));
  assert.ok(!calls.some((call) => /aaaa|bbbb/.test(call)), 'no secret on a command line');
});

test('a second run changes nothing and restarts nothing; another configuration restarts', async (t) => {
  const machine = await makeServer(t);
  await succeed(machine, 'server', 'master', '192.168.56.10');
  await machine.calls();

  const again = await succeed(machine, 'server', 'master', '192.168.56.10');
  assert.doesNotMatch(again, /^wrote/m);
  assert.match(again, /k3s runs as it should/);
  const calls = await machine.calls();
  assert.ok(!calls.some((call) => /systemctl (start|stop)|install|curl/.test(call)), calls.join('\n'));

  assert.match(await succeed(machine, 'server', 'master', '192.168.56.10', 'other'), /^wrote .*config\.yaml$/m);
  assert.deepEqual(
    (await machine.calls()).filter((call) => /systemctl st/.test(call)),
    ['systemctl stop k3s', 'systemctl start --no-block k3s'],
  );
});

test('a stopped service is started, and a run that was cut off before the start is gone on with', async (t) => {
  const machine = await makeServer(t);
  await machine.set('broken', '');
  await fail(machine, /k3s does not work/, 'server');
  await machine.set('broken', undefined);
  await succeed(machine, 'server');
  await machine.calls();

  await machine.set('active', undefined);
  await succeed(machine, 'server');
  assert.ok((await machine.calls()).includes('systemctl start --no-block k3s'));

  // Cut off by a power loss between the installer's unit file and its enabling.
  await machine.set('enabled', undefined);
  await succeed(machine, 'server');
  assert.ok((await machine.calls()).some((call) => call.startsWith('install server')));
});

test('the token of a running cluster stays, whatever is uploaded; the agents’ follows', async (t) => {
  const machine = await makeServer(t);
  await succeed(machine, 'server');
  await machine.upload('server-token', 'other');
  await machine.upload('agent-token', 'newer');
  await succeed(machine, 'server');
  assert.equal(await machine.read(`${etc}/token`), 'aaaa');
  assert.equal(await machine.read(`${etc}/agent-token`), 'newer');
});

test('an agent joins the server with the agents’ token only', async (t) => {
  const machine = await makeAgent(t);
  await succeed(machine, 'agent', 'agent', '192.168.56.11', '192.168.56.10');
  const config = parse((await machine.read(`${etc}/config.yaml`)) ?? '') as Record<string, unknown>;
  assert.equal(config['server'], 'https://192.168.56.10:6443');
  assert.equal(config['flannel-iface'], 'enp0s8');
  assert.match(String(config['token-file']), /agent-token$/);
  assert.equal(config['secrets-encryption'], undefined, 'K3s refuses to start with a flag it does not know');
  assert.equal(await machine.read(`${etc}/token`), undefined);
  assert.equal(await machine.read('etc/rancher/node/password'), 'cccc');
  assert.equal(await machine.mode('etc/rancher/node/password'), '600');
  assert.ok((await machine.calls()).includes('systemctl start --no-block k3s-agent'));
});

test('an agent’s own password stays', async (t) => {
  const machine = await makeAgent(t);
  await succeed(machine, 'agent');
  await machine.upload('agent.node-password', 'other');
  await succeed(machine, 'agent');
  assert.equal(await machine.read('etc/rancher/node/password'), 'cccc');
});

test('a K3s that somebody else put there is left as it is', async (t) => {
  for (const trace of [
    `${etc}/config.yaml`,
    'usr/local/bin/k3s',
    'etc/systemd/system/k3s.service',
    'etc/systemd/system/k3s-agent.service',
  ]) {
    const machine = await makeServer(t);
    await machine.set(`root/${trace}`, 'theirs');
    await fail(machine, /this machine has a K3s that this script did not set up[^]*k3s-uninstall\.sh/, 'server');
    assert.equal(await machine.read(trace), 'theirs');
    assert.equal(await machine.read(mark), undefined, trace);
    assert.equal(await machine.read(`${etc}/token`), undefined, trace);
    assert.ok(!(await machine.calls()).some((call) => /^(systemctl|install|sysctl)/.test(call)), trace);
  }
});

test('what a machine lacks is told, and nothing is installed', async (t) => {
  const cases: Array<[state: string, content: string | undefined, why: RegExp]> = [
    ['cgroup', 'tmpfs\n', /cgroup v1; Kubernetes needs cgroup v2/],
    ['processor', 'riscv64\n', /no pinned K3s for riscv64/],
    [
      'addresses',
      '2: eth0 inet 10.0.2.15/24 scope\n',
      /eth0 has 10\.0\.2\.15\/24[^]*no network card .* has the address 192\.168\.56\.11[^]*vagrant reload/,
    ],
    ['server-date', undefined, /last state: curl: \(7\) connection refused[^]*nothing to join/],
    [
      'server-date',
      '1 minute ago',
      /this clock minus the server's: (59|6\d) s[^]*differs from the server's by more than 5 s/,
    ],
  ];
  for (const [state, content, why] of cases) {
    const machine = await makeAgent(t);
    await machine.set(state, content);
    await fail(machine, why, 'agent');
    assert.ok(!(await machine.calls()).some((call) => call.startsWith('install')), state);
  }
});

test('an address that only begins alike is not taken', async (t) => {
  const machine = await makeAgent(t);
  await machine.set('addresses', '3: eth1 inet 192.168.56.110/24 scope\n4: eth2 inet 192.168.56.11/24 scope\n');
  await succeed(machine, 'agent');
  assert.match((await machine.read(`${etc}/config.yaml`)) ?? '', /^flannel-iface: eth2$/m);
});

test('without the secrets nothing is done', async (t) => {
  const machine = await makeMachine((cleanUp) => t.after(cleanUp));
  await fail(machine, /there is neither .*agent-token nor .*agent-token/, 'server');
});

test('a network without a time server is no obstacle', async (t) => {
  const machine = await makeServer(t);
  await machine.set('ntp', 'no\n');
  const output = await succeed(machine, 'server');
  assert.match(output, /last state: NTPSynchronized=no$/m);
  assert.match(output, /^warning: going on with the clock as it is/m);
});

test('files are taken from beside the script, else downloaded, and used only with the pinned sum', async (t) => {
  const machine = await makeServer(t);
  await machine.upload('k3s', 'something else');
  await fail(
    machine,
    /uploads\/k3s has the wrong sha256, and was not used\.\n {2}expected [0-9a-f]{64}\n {2}found {4}[0-9a-f]{64}/,
    'server',
  );
  assert.equal(await machine.read('usr/local/bin/k3s'), undefined);
  assert.ok(!(await machine.calls()).some((call) => call.startsWith('install')));

  const poisoned = await makeServer(t);
  await poisoned.set('network/install.sh', 'rm -rf /');
  await fail(
    poisoned,
    /raw\.githubusercontent\.com\/k3s-io\/k3s\/[0-9a-f]{40}\/install\.sh has the wrong sha256/,
    'server',
  );
  assert.ok(!(await poisoned.calls()).some((call) => call.startsWith('install')));

  const arm = await makeServer(t);
  await arm.set('processor', 'aarch64\n');
  await succeed(arm, 'server');
  assert.ok((await arm.calls()).some((call) => /download\/v[\d.]+\+k3s1\/k3s-arm64$/.test(call)));
  assert.equal(await arm.mode('usr/local/bin/k3s'), '755');
});

test('a download that fails leaves nothing half-done', async (t) => {
  const machine = await makeServer(t);
  await machine.set('network/k3s', undefined);
  await fail(machine, /could not be downloaded/, 'server');
  assert.equal(await machine.read('usr/local/bin/k3s'), undefined);
});

test('a service that does not come up tells its last state and its log', async (t) => {
  const machine = await makeAgent(t);
  await machine.set('broken', '');
  await fail(
    machine,
    /waited in vain for k3s-agent; last state: activating[^]*Node password rejected[^]*k3s-agent does not work/,
    'agent',
  );

  const unready = await makeServer(t);
  await unready.set('ready', 'Ready=False container runtime network not ready');
  await fail(unready, /the node master; last state: Ready=False container runtime network not ready/, 'server');
});

test('a node whose machine is made anew is forgotten with its password', async (t) => {
  const machine = await makeServer(t);
  await succeed(machine, 'server');
  await machine.calls();
  await succeed(machine, 'forget', 'agent');
  const calls = await machine.calls();
  assert.match(
    calls.join('\n'),
    /kubectl .*delete node\/agent --ignore-not-found[^]*delete secret\/agent\.node-password\.k3s --ignore-not-found/,
  );
});

test('a wrong command line is told how it should be', async (t) => {
  const machine = await makeMachine((cleanUp) => t.after(cleanUp));
  for (const args of [[], ['servant'], ['agent', 'agent'], ['forget']]) {
    const { code, output } = await machine.run(...args);
    assert.equal(code, 2, args.join(' '));
    assert.match(
      output,
      /^setup-cluster\.sh server NAME ADDRESS[^]*setup-cluster\.sh agent[^]*setup-cluster\.sh forget NAME/,
    );
  }
});

test('nothing is piped from the network into a shell', async () => {
  const source = await readFile(new URL('../../Scripts/setup-cluster.sh', import.meta.url), 'utf8');
  assert.doesNotMatch(source, /(curl|wget)[^\n]*\|\s*(sudo\s+)?(ba)?sh\b/);
});
