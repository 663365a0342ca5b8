import assert from 'node:assert/strict';
import { exitCodes } from '@orchestrator/orchestrator/failure.ts';
import { clusterTest, ensureNothing, kubeconfig, onCluster, orchestrator, sh } from '../support/cluster.ts';

const on = `kubectl --kubeconfig='${kubeconfig}'`;

clusterTest('a NodePort that another Service has is named, with the cure', async (t) => {
  await ensureNothing();
  await sh(`${on} create service nodeport squatter --tcp=80 --node-port=30000 -n default`);
  t.after(() => sh(`${on} delete service squatter -n default`));
  const { code, stdout, stderr } = await orchestrator(`create ${onCluster}`);
  assert.equal(code, exitCodes.unreachable.code);
  assert.match(stderr, /NodePort 30000 is taken by the Service default\/squatter/);
  assert.match(stderr, /kubectl delete service squatter -n default/);
  assert.equal(stdout, '');
  assert.equal(await sh(`${on} get namespace microservices --ignore-not-found`), '', 'nothing was made');
});

clusterTest('a cluster without a default StorageClass is told so, with the cure', async (t) => {
  await ensureNothing();
  const key = 'storageclass.kubernetes.io/is-default-class';
  const isDefault = `-o jsonpath='{.items[?(@.metadata.annotations.storageclass\\.kubernetes\\.io/is-default-class=="true")].metadata.name}'`;
  const name = await sh(`${on} get storageclass ${isDefault}`);
  await sh(`${on} annotate storageclass ${name} ${key}=false --overwrite`);
  t.after(() => sh(`${on} annotate storageclass ${name} ${key}=true --overwrite`));
  const { code, stdout, stderr } = await orchestrator(`create ${onCluster}`);
  assert.equal(code, exitCodes.unreachable.code);
  assert.match(stderr, /no default StorageClass/);
  assert.match(stderr, /kubectl patch storageclass/);
  assert.equal(stdout, '');
});

clusterTest('a context that the kubeconfig does not have is told so', async () => {
  await ensureNothing();
  const { code, stdout, stderr } = await orchestrator(`create ${onCluster} --context no-such-context`);
  assert.equal(code, exitCodes.unreachable.code);
  assert.match(stderr, /does not name a cluster/);
  assert.match(stderr, /kubectl config get-contexts/);
  assert.equal(stdout, '');
});
