import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { ownKubeconfig } from './kubeconfig.ts';
import { chooseWhere } from './session.ts';

test('the command line decides where the cluster runs, then what create remembered, then Vagrant', () => {
  assert.deepEqual(chooseWhere({}, undefined), { provider: 'vagrant' });
  const known = { provider: 'kubeconfig', kubeconfig: '/a', context: 'b' } as const;
  assert.deepEqual(chooseWhere({}, known), known);
  assert.deepEqual(chooseWhere({ context: 'b', 'load-with': 'load' }, known), { ...known, loadWith: 'load' });
  assert.deepEqual(chooseWhere({ provider: 'ssh', host: ['a@1', 'b@2,c@3'], identity: '/key' }, undefined), {
    provider: 'ssh',
    hosts: ['a@1', 'b@2', 'c@3'],
    identityFile: '/key',
  });
});

test('options that do not go together are refused', () => {
  assert.throws(() => chooseWhere({ provider: 'vagarnt' }, undefined), /Did you mean vagrant\?/);
  assert.throws(() => chooseWhere({ provider: 'ssh', host: ['a@1'] }, undefined), /takes two or more machines/);
  assert.throws(() => chooseWhere({ host: ['a@1'] }, undefined), /--host belongs to --provider ssh, not to vagrant/);
  assert.throws(() => chooseWhere({ provider: 'vagrant' }, { provider: 'kubeconfig' }), /destroy first/);
  const theirs = { provider: 'kubeconfig', kubeconfig: '/a', context: 'b' } as const;
  assert.throws(() => chooseWhere({ context: 'c' }, theirs), /was made with --context b: .*destroy first/);
  assert.throws(() => chooseWhere({ kubeconfig: '/c' }, theirs), /was made with --kubeconfig \/a/);
  const machines = { provider: 'ssh', hosts: ['a@1', 'b@2'] } as const;
  assert.throws(
    () => chooseWhere({ host: ['c@3', 'b@2'] }, { ...machines, hosts: [...machines.hosts] }),
    /server .* is a@1/,
  );
});

const kubeconfig = (current: string): string => `
apiVersion: v1
kind: Config
current-context: ${current}
contexts:
  - { name: other, context: { cluster: b, user: b } }
  - { name: mine, context: { cluster: a, user: a, namespace: default } }
clusters:
  - { name: a, cluster: { server: 'https://10.0.0.1:6443', certificate-authority-data: QQ== } }
  - { name: b, cluster: { server: 'https://10.0.0.2:6443' } }
users:
  - { name: a, user: { token: secret-a } }
  - { name: b, user: { token: secret-b } }
`;

test('k3s.yaml has the one context that is meant, and leads to the namespace of the system', () => {
  const text = ownKubeconfig(kubeconfig('mine'));
  assert.deepEqual(parse(text), {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'microservices',
    contexts: [
      {
        name: 'microservices',
        context: { cluster: 'microservices', user: 'microservices', namespace: 'microservices' },
      },
    ],
    clusters: [
      { name: 'microservices', cluster: { server: 'https://10.0.0.1:6443', 'certificate-authority-data': 'QQ==' } },
    ],
    users: [{ name: 'microservices', user: { token: 'secret-a' } }],
  });
  assert.throws(() => ownKubeconfig(kubeconfig('nobody')), /no current context/);
  assert.throws(() => ownKubeconfig(''), /no current context/);
});
