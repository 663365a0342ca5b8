import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { failsWith, setScene, skip } from '../../../tests/support/ssh.scene.ts';
import { createSshProvider } from './ssh.ts';

test(
  'two machines become a cluster, a second time nothing is done, and its life goes on to the end',
  { skip },
  async (t) => {
    const { provider, work, said, server, agent, state } = await setScene(t);
    assert.deepEqual(
      (await provider.machines(work)).map(({ name, state }) => `${name} ${state}`),
      ['master absent', 'agent absent'],
    );

    const config = parse(await provider.up(work)) as { clusters: Array<{ cluster: { server: string } }> };
    assert.equal(config.clusters[0]?.cluster.server, `https://${server.address}:6443`);
    const calls = await server.calls();
    assert.ok(calls.includes('install server skip-download=true skip-start=true'));
    const forgets = calls.findIndex((call) => call.includes('delete node/agent'));
    assert.ok(forgets > 0, 'the server forgets what it knew of a machine that is new');
    assert.ok((await agent.calls()).includes('install agent skip-download=true skip-start=true'));
    assert.match(
      (await agent.read('etc/rancher/k3s/config.yaml')) ?? '',
      new RegExp(`^server: https://${server.address}:6443$`, 'm'),
    );
    assert.equal(await agent.read('etc/rancher/k3s/agent-token'), await readFile(join(state, 'agent-token'), 'utf8'));
    assert.equal(await agent.read('etc/rancher/k3s/token'), undefined);
    assert.equal((await stat(join(state, 'server-token'))).mode & 0o777, 0o600);
    assert.match(
      await readFile(join(state, 'known_hosts'), 'utf8'),
      new RegExp(`^\\[${server.address}\\]:${server.port} ssh-ed25519 `, 'm'),
    );
    assert.ok(said.some((line) => line === 'agent: the node agent is ready'));
    assert.ok(!said.some((line) => line.includes('downloading')), 'the files were brought');

    await provider.up(work);
    for (const machine of [server, agent]) {
      const again = await machine.calls();
      assert.ok(!again.some((call) => /install|systemctl (stop|start)|delete/.test(call)), again.join('\n'));
    }

    await writeFile(join(state, 'apps.tar'), 'docker.io/ann/api-gateway:1\n');
    await provider.load(join(state, 'apps.tar'), ['docker.io/ann/api-gateway:1'], work);
    for (const machine of [server, agent]) assert.match((await machine.read('machine/images')) ?? '', /api-gateway:1/);
    const missing = provider.load(join(state, 'apps.tar'), ['docker.io/ann/billing-app:1'], work);
    await assert.rejects(
      missing,
      failsWith(/master took .* and has not: docker\.io\/ann\/billing-app:1/, 'image-failed'),
    );
    await agent.set('full', '');
    const full = provider.load(join(state, 'apps.tar'), ['docker.io/ann/api-gateway:1'], work);
    await assert.rejects(full, failsWith(/could not be loaded into agent: a disk is full/, 'image-failed'));

    assert.deepEqual(
      (await provider.machines(work)).map(({ name, state }) => `${name} ${state}`),
      ['master running', 'agent running'],
    );
    said.length = 0;
    await server.set('containers', '');
    await provider.halt(work);
    assert.deepEqual(said, ['agent: stopping K3s', 'master: stopping K3s'], 'the server last');
    const shims = 'pgrep -d, -f ^/var/lib/rancher/k3s/data/[^/]*/bin/containerd-shim';
    assert.deepEqual((await agent.calls()).slice(-3), ['systemctl stop k3s-agent', shims, 'killall']);
    const inOrder = ['systemctl stop k3s', shims, 'pkill -P 7', 'pgrep -P 7', 'killall'];
    assert.deepEqual((await server.calls()).slice(-5), inOrder, 'what still runs is asked to end before it is killed');
    assert.deepEqual(
      (await provider.machines(work)).map(({ name, state }) => `${name} ${state}`),
      ['master stopped', 'agent stopped'],
    );

    await provider.up(work);
    assert.ok((await server.calls()).includes('systemctl start --no-block k3s'));

    await provider.remove(work);
    for (const machine of [server, agent]) {
      assert.ok((await machine.calls()).includes('uninstall'));
      assert.equal(await machine.read('etc/rancher/k3s/config.yaml'), undefined);
      assert.equal(await machine.read('etc/sysctl.d/90-kubelet.conf'), undefined);
    }
    assert.equal(await stat(state).catch(() => undefined), undefined, 'the secrets are gone');
    await provider.remove(work);
  },
);

test('a machine that is made anew is forgotten by the server, a known one is not', { skip }, async (t) => {
  const { provider, work, server, agent } = await setScene(t);
  await provider.up(work);
  await server.calls();
  await agent.set('../etc/rancher/node/password', undefined);
  await provider.up(work);
  assert.ok((await server.calls()).some((call) => call.includes('delete secret/agent.node-password.k3s')));
});

test('a user who is not root uses sudo, and is told when that asks for a password', { skip }, async (t) => {
  const { provider, work, server, agent } = await setScene(t);
  for (const machine of [server, agent]) await machine.set('user', '1000\n');
  await provider.up(work);
  assert.match((await server.read('machine/sudo')) ?? '', /^sudo -n sh \/tmp\/.*setup-cluster\.sh server master/m);

  await agent.set('wants-password', '');
  await assert.rejects(
    provider.up(work),
    failsWith(/machine agent .* cannot become root: sudo on the machine asks for a password/, 'machine-failed'),
  );
  const findings = await provider.check(work);
  assert.match(findings.find(({ subject, level }) => subject === 'agent' && level === 'error')?.cure ?? '', /NOPASSWD/);
});

test('a node that does not start is told with its log and its cause; then it goes on', { skip }, async (t) => {
  const { provider, work, said, agent } = await setScene(t);
  await agent.set('broken', '');
  await assert.rejects(
    provider.up(work),
    failsWith(
      /K3s could not be set up on agent: the server knows a node of this name with another password/,
      'machine-failed',
    ),
  );
  assert.ok(said.some((line) => line.startsWith('agent: waited in vain for k3s-agent; last state: activating')));
  await agent.set('broken', undefined);
  await provider.up(work);
});

test('a K3s that cannot be stopped is no success', { skip }, async (t) => {
  const { provider, work, agent } = await setScene(t);
  await provider.up(work);
  await agent.set('unstoppable', '');
  await assert.rejects(provider.halt(work), failsWith(/K3s could not be stopped on agent/, 'machine-failed'));
});

test('a machine that is away, or another one, is told', { skip }, async (t) => {
  const { provider, work, server, agent, all, state } = await setScene(t);
  const nobody = createSshProvider({
    hosts: [`root@${server.address}:${server.port}`, 'root@127.0.0.1:9'],
    identityFile: all.identityFile,
    state,
    cache: all.cache,
  });
  await assert.rejects(
    nobody.up(work),
    failsWith(/machine agent .* does not answer: the machine cannot be reached/, 'unreachable'),
  );
  const [, away] = await nobody.machines(work);
  assert.equal(away?.state, 'unknown');
  assert.match(away?.detail ?? '', /cannot be reached/);

  await writeFile(
    join(state, 'known_hosts'),
    `[${server.address}]:${server.port} ssh-ed25519 ${(await agent.read('etc/hostkey.pub'))?.split(' ')[1]}\n`,
  );
  await assert.rejects(
    provider.up(work),
    failsWith(/machine master .* host key is not the one of the first contact/, 'unreachable'),
  );
});

test('the check looks at every machine', { skip }, async (t) => {
  const { provider, work, agent } = await setScene(t);
  await agent.set('processor', 'riscv64\n');
  const findings = await provider.check(work);
  const told = findings.map(({ subject, level, message }) => `${subject} ${level}: ${message}`);
  assert.ok(
    told.some((line) => line.startsWith('agent error: Linux on riscv64')),
    told.join('\n'),
  );
  assert.ok(
    told.some((line) => line.startsWith('clocks ok')),
    told.join('\n'),
  );
  assert.ok(
    told.some((line) => line.startsWith('master ok: root@127.0.0.2 answers')),
    told.join('\n'),
  );
  assert.equal(findings.filter(({ level, cure }) => level !== 'ok' && cure === undefined).length, 0);
});
