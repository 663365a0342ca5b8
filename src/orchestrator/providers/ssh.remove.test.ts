import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith, setScene, skip } from '../../../tests/support/ssh.scene.ts';

test('a K3s that somebody else put there is neither changed nor stopped nor removed', { skip }, async (t) => {
  const { provider, work, said, server, agent } = await setScene(t);
  const theirs = ['k3s', 'k3s-killall.sh', 'k3s-agent-uninstall.sh'].map((name) => `usr/local/bin/${name}`);
  for (const path of theirs) await agent.set(`../${path}`, '#!/bin/sh\necho "$0" >>$MACHINE/calls\n');
  await agent.set('../etc/rancher/k3s/config.yaml', 'theirs');
  await agent.set('active', '');

  const findings = await provider.check(work);
  const finding = findings.find(({ subject, level }) => subject === 'agent' && level === 'error');
  assert.match(finding?.message ?? '', /K3s of somebody else/);
  assert.match(finding?.cure ?? '', /uninstall\.sh/);
  assert.deepEqual(
    (await provider.machines(work)).map(({ name, state, detail }) => `${name} ${state}: ${detail}`),
    ['master absent: K3s is not installed', 'agent absent: its K3s is not ours'],
  );
  await assert.rejects(
    provider.up(work),
    failsWith(/K3s could not be set up on agent: .*somebody else/, 'machine-failed'),
  );

  said.length = 0;
  await agent.calls();
  await provider.halt(work);
  assert.deepEqual(said, ['agent: no K3s of ours, left as it is', 'master: stopping K3s']);
  said.length = 0;
  await provider.remove(work);
  assert.deepEqual(said, ['agent: no K3s of ours, left as it is', 'master: removing K3s']);
  assert.deepEqual(
    (await agent.calls()).filter((call) => !call.startsWith('systemctl is-')),
    [],
  );
  assert.equal(await agent.read('etc/rancher/k3s/config.yaml'), 'theirs');
  for (const path of theirs) assert.ok(await agent.read(path), path);
  assert.equal(await server.read('usr/local/bin/k3s'), undefined);
});

test('a removal that was cut off is gone on with', { skip }, async (t) => {
  const { provider, work, agent } = await setScene(t);
  await provider.up(work);
  await agent.set('stubborn', '');
  await assert.rejects(provider.remove(work), failsWith(/K3s could not be removed on agent/, 'machine-failed'));
  await agent.set('stubborn', undefined);
  await provider.remove(work);
  for (const path of ['usr/local/bin/k3s', 'etc/rancher/node/password', 'etc/rancher/.made-by-setup-cluster'])
    assert.equal(await agent.read(path), undefined, path);
});
