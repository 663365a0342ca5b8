import assert from 'node:assert/strict';
import { clusterTest, ensureSystem } from '../support/cluster.ts';
import { assertStoredOnce } from '../support/cluster.load.ts';
import { list, origins } from '../support/cluster.objects.ts';
import { eventually } from '../support/eventually.ts';
import { startSteadyLoad } from '../support/steady-load.ts';

/** Metrics are a minute old, and a busy machine starts pods slowly. */
const UP_TIMEOUT_MS = 420_000;

/** A window of 120 s without load, then a pod a minute; and what metrics lag behind. */
const DOWN_TIMEOUT_MS = 600_000;

const LOOK_EVERY_MS = 2_000;

/** 60 % of the 100 millicores that a pod requests are gone at some tens of requests a second; three pods need three times that. */
const PER_SECOND = 100;

interface Deployment {
  spec: { replicas: number };
  status: { availableReplicas?: number };
}

async function availableGateways(): Promise<number> {
  const [gateway] = await list<Deployment>('deployments', '--field-selector=metadata.name=api-gateway');
  return gateway?.spec.replicas === gateway?.status.availableReplicas ? (gateway?.spec.replicas ?? 0) : 0;
}

clusterTest('the gateway grows from one pod to three under load, and shrinks to one after it', async (t) => {
  await ensureSystem(t);
  await eventually(async () => assert.equal(await availableGateways(), 1), DOWN_TIMEOUT_MS, LOOK_EVERY_MS);
  const startMs = performance.now();
  const seconds = (): number => Math.round((performance.now() - startMs) / 1000);
  const load = startSteadyLoad(t, await origins(), PER_SECOND);
  await eventually(async () => assert.equal(await availableGateways(), 3), UP_TIMEOUT_MS, LOOK_EVERY_MS);
  t.diagnostic(`three pods available ${seconds()} s after the load began`);
  await load.stop();
  const endMs = performance.now();
  await eventually(async () => assert.equal(await availableGateways(), 1), DOWN_TIMEOUT_MS, LOOK_EVERY_MS);
  t.diagnostic(`one pod ${Math.round((performance.now() - endMs) / 1000)} s after the load ended`);
  await assertStoredOnce(t, 'scaling up and down', load);
});
