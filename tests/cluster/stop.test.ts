import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { exitCodes } from '@orchestrator/orchestrator/failure.ts';
import {
  assertDone,
  clusterTest,
  ensureNothing,
  ensureSystem,
  kubeconfig,
  orchestrator,
  sh,
} from '../support/cluster.ts';
import { listPods, listVolumes, order, origins, readOrders } from '../support/cluster.objects.ts';
import { eventually } from '../support/eventually.ts';

const STORED_TIMEOUT_MS = 60_000;

clusterTest(
  'stop ends all pods and keeps the volumes; start goes on with the same data and the same queue',
  async (t) => {
    await ensureSystem(t);
    const [origin = ''] = await origins();
    const stored = await order(origin, randomUUID());
    await eventually(
      async () => assert.ok((await readOrders()).some((row) => row.tracking_id === stored)),
      STORED_TIMEOUT_MS,
      500,
    );
    const rows = await readOrders();
    const volumes = await listVolumes();
    await sh('kubectl scale statefulset billing-app --replicas=0 -n microservices');
    await sh('kubectl wait --for=delete pod/billing-app-0 --timeout=120s -n microservices');
    const waiting = await order(origin, randomUUID());

    const stopped = await orchestrator('stop');
    assertDone(stopped, 'cluster stopped');
    assert.deepEqual(await listPods(), []);
    assert.deepEqual(await listVolumes(), volumes);
    assert.equal(volumes.length, 3);
    assertDone(await orchestrator('stop'), 'cluster stopped');
    await assert.rejects(fetch(`${origin}/api/movies`), 'nobody answers');

    const started = await orchestrator('start');
    assertDone(started, 'cluster started');
    t.diagnostic(`stop: ${stopped.seconds} s, start: ${started.seconds} s`);
    await eventually(
      async () => {
        const now = await readOrders();
        assert.equal(now.filter((row) => row.tracking_id === waiting).length, 1, 'the order that waited in the queue');
        assert.deepEqual(
          now.filter((row) => row.tracking_id !== waiting),
          rows,
        );
      },
      STORED_TIMEOUT_MS,
      500,
    );
    assertDone(await orchestrator('start'), 'cluster started');
  },
);

clusterTest('destroy removes namespace, volumes and k3s.yaml, and only when it may', async (t) => {
  await ensureSystem(t);
  const refused = await orchestrator('destroy');
  assert.equal(refused.code, exitCodes.usage.code);
  assert.match(refused.stderr, /destroy --yes/);
  assert.equal((await listVolumes()).length, 3, 'nothing was removed');

  const destroyed = await orchestrator('destroy --yes');
  assertDone(destroyed, 'cluster destroyed');
  t.diagnostic(`destroy: ${destroyed.seconds} s`);
  const left = await sh(`kubectl --kubeconfig='${kubeconfig}' get namespace microservices --ignore-not-found`);
  assert.equal(left, '');
  const volumes = await sh(`kubectl --kubeconfig='${kubeconfig}' get persistentvolumes -o name`);
  assert.equal(volumes, '');
  await assert.rejects(sh('test -e k3s.yaml'));

  const again = await orchestrator('destroy --yes --provider kubeconfig');
  assertDone(again, 'cluster destroyed');
  for (const command of ['stop', 'start', 'deploy', 'secrets show']) {
    const { code, stdout, stderr } = await orchestrator(`${command} --provider kubeconfig`);
    assert.equal(code, exitCodes.unreachable.code, stderr);
    assert.match(stderr, /orchestrator\.sh create/);
    assert.equal(stdout, '');
  }
  await ensureNothing();
});
