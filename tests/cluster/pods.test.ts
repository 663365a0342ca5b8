import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { clusterTest, ensureSystem, sh } from '../support/cluster.ts';
import { assertStoredOnce } from '../support/cluster.load.ts';
import { isReady, listPods, order, origins, queueDepths, readOrders } from '../support/cluster.objects.ts';
import { eventually } from '../support/eventually.ts';
import { startSteadyLoad } from '../support/steady-load.ts';

/** A pod ends within its grace, the next one starts, clients connect again; on a busy machine. */
const RECOVERY_TIMEOUT_MS = 240_000;

const LOOK_EVERY_MS = 1_000;

async function addMovie(origin: string, title: string): Promise<number> {
  const response = await fetch(`${origin}/api/movies`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ title, description: 'kept' }),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return ((await response.json()) as { id: number }).id;
}

const components: readonly (readonly [name: string, how: string])[] = [
  ['api-gateway', ''],
  ['inventory-app', ''],
  ['inventory-app', ' --force --grace-period=0'],
  ['billing-app', ''],
  ['inventory-database', ''],
  ['billing-database', ''],
  ['rabbitmq', ''],
];

for (const [name, how] of components) {
  clusterTest(`the pod of ${name} is deleted${how}: nothing is lost, and another takes its place`, async (t) => {
    await ensureSystem(t);
    const [origin = ''] = await origins();
    const movie = await addMovie(origin, randomUUID());
    const trackingId = await order(origin, randomUUID());
    const [pod] = await listPods(name);
    const startMs = performance.now();
    await sh(`kubectl delete pod ${pod?.metadata.name}${how} -n microservices`);
    await eventually(
      async () => {
        const pods = await listPods();
        assert.ok(pods.some(({ metadata }) => metadata.labels['app.kubernetes.io/name'] === name));
        assert.ok(pods.every(isReady));
        assert.ok(!pods.some(({ metadata }) => metadata.uid === pod?.metadata.uid));
        assert.equal((await fetch(`${origin}/api/movies/${movie}`)).status, 200);
        const answer = (await (await fetch(`${origin}/api/billing/${trackingId}`)).json()) as { state?: string };
        assert.equal(answer.state, 'stored');
        await order(origin, randomUUID());
      },
      RECOVERY_TIMEOUT_MS,
      LOOK_EVERY_MS,
    );
    t.diagnostic(
      `the whole system works again ${Math.round((performance.now() - startMs) / 1000)} s after the command`,
    );
  });
}

clusterTest('orders that wait in the queue outlive the pod of the broker', async (t) => {
  await ensureSystem(t);
  await sh('kubectl scale statefulset billing-app --replicas=0 -n microservices');
  await sh('kubectl wait --for=delete pod/billing-app-0 --timeout=120s -n microservices');
  const load = startSteadyLoad(t, await origins(), 100);
  await eventually(() => assert.ok(load.ledger.confirmed >= 500), 60_000);
  await load.stop();
  assert.equal(load.ledger.confirmed, load.ledger.attempted, 'every order is taken');
  await assertWaiting(load.ledger.confirmed);
  await sh('kubectl delete pod -l app.kubernetes.io/name=rabbitmq -n microservices');
  await sh('kubectl rollout status deployment/rabbitmq --timeout=240s -n microservices');
  await assertWaiting(load.ledger.confirmed);
  const stored = (await readOrders()).filter(({ user_id }) => load.ledger.numberIn(user_id) !== undefined);
  assert.equal(stored.length, 0);
  await sh('kubectl scale statefulset billing-app --replicas=1 -n microservices');
  await assertStoredOnce(t, 'the broker replaced with orders in the queue', load);
});

/** The broker counts the messages of a queue every few seconds. */
async function assertWaiting(count: number): Promise<void> {
  const look = async (): Promise<void> => assert.equal((await queueDepths())['billing_queue'], count);
  await eventually(look, RECOVERY_TIMEOUT_MS, LOOK_EVERY_MS);
}
