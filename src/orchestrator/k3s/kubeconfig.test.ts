import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { rewriteKubeconfig } from './kubeconfig.ts';

const ofK3s = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: QUFB
    server: https://127.0.0.1:6443
  name: default
contexts:
- context:
    cluster: default
    user: default
  name: default
current-context: default
kind: Config
users:
- name: default
  user:
    client-certificate-data: QkJC
    client-key-data: Q0ND
`;

test('the kubeconfig of K3s is made one for another machine', () => {
  const text = rewriteKubeconfig(ofK3s, '192.168.56.10');
  assert.deepEqual(parse(text), parse(ofK3s.replace('127.0.0.1', '192.168.56.10')));
});

test('what is no kubeconfig is not made one', () => {
  assert.throws(() => rewriteKubeconfig('a: 1\n', 'host'), /has no clusters\.0\.cluster\.server/);
});
