import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import { claimOf, storeNames } from '@orchestrator/orchestrator/cluster/move.objects.ts';
import {
  assertDone,
  clusterTest,
  ended,
  ensureNothing,
  ensureSystem,
  orchestrator,
  run,
  sh,
  start,
} from '../support/cluster.ts';
import { assertStoredOnce, loadSystem } from '../support/cluster.load.ts';
import { isReady, list, listPods, order, origins, queueDepths, readOrders } from '../support/cluster.objects.ts';
import type { Node } from '../support/cluster.objects.ts';
import { eventually } from '../support/eventually.ts';

const DRAIN = '--ignore-daemonsets --delete-emptydir-data --timeout=240s';

/** Pods end within their grace, others start; on a busy machine. */
const PODS_TIMEOUT_MS = 240_000;

const LOOK_EVERY_MS = 1_000;

/** The node where the control plane is, and another. Whatever a test did to them, it is taken back. */
async function nodesOf(t: TestContext): Promise<{ server: string; agent: string }> {
  const nodes = await list<Node>('nodes');
  const isServer = ({ metadata }: Node): boolean => 'node-role.kubernetes.io/control-plane' in metadata.labels;
  const server = nodes.find(isServer)?.metadata.name ?? '';
  const agent = nodes.find((node) => !isServer(node))?.metadata.name ?? '';
  t.after(() => sh(`kubectl uncordon ${server} ${agent}`));
  return { server, agent };
}

async function nodeOf(name: string): Promise<string | undefined> {
  return (await listPods(name)).find(isReady)?.spec.nodeName;
}

async function waitForPods(names: readonly string[], node: string): Promise<void> {
  const wait = async (name: string): Promise<void> => assert.equal(await nodeOf(name), node, name);
  await eventually(async () => Promise.all(names.map(wait)), PODS_TIMEOUT_MS, LOOK_EVERY_MS);
}

interface Counts {
  movies: number;
  orders: number;
  queues: Record<string, number>;
}

/** What must not change with the node. The broker counts its messages every few seconds. */
async function assertCounts(origin: string, expected: Counts): Promise<void> {
  await eventually(
    async () => {
      const movies = (await (await fetch(`${origin}/api/movies`)).json()) as unknown[];
      const counts = { movies: movies.length, orders: (await readOrders()).length, queues: await queueDepths() };
      assert.deepEqual(counts, expected);
    },
    PODS_TIMEOUT_MS,
    LOOK_EVERY_MS,
  );
}

clusterTest('a drained agent gives its pods to the other node, and no order is lost', async (t) => {
  await ensureSystem(t);
  const { server, agent } = await nodesOf(t);
  const load = await loadSystem(t, 20);
  const startMs = performance.now();
  await sh(`kubectl drain ${agent} ${DRAIN}`);
  await waitForPods(['api-gateway', 'inventory-app', 'billing-app', ...storeNames], server);
  t.diagnostic(`drain of ${agent}: all pods on ${server} after ${Math.round((performance.now() - startMs) / 1000)} s`);
  await sh(`kubectl uncordon ${agent}`);
  await assertStoredOnce(t, 'drain of the agent', load);
});

clusterTest('with the server drained, move brings each store with its data to the other node', async (t) => {
  await ensureNothing();
  await ensureSystem(t);
  const { server, agent } = await nodesOf(t);
  const [, origin = ''] = await origins();
  await waitForPods(storeNames, server);
  for (let number = 0; number < 20; number += 1) await order(origin, randomUUID());
  const body = JSON.stringify({ title: 'kept', description: 'x' });
  await fetch(`${origin}/api/movies`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  await eventually(async () => assert.equal((await readOrders()).length, 20), PODS_TIMEOUT_MS, LOOK_EVERY_MS);
  // Some orders are to be moved in the queue.
  await sh('kubectl scale statefulset billing-app --replicas=0');
  await sh('kubectl wait --for=delete pod/billing-app-0 --timeout=120s');
  for (let number = 0; number < 20; number += 1) await order(origin, randomUUID());
  const before = { movies: 1, orders: 20, queues: { billing_queue: 20, 'billing_queue.dead': 0 } };
  await assertCounts(origin, before);

  await sh(`kubectl drain ${server} ${DRAIN}`);
  // The stores wait for their node; the others cannot be ready without them, but they are there.
  await eventually(
    async () => {
      for (const { metadata, spec } of await listPods()) {
        const isStore = (storeNames as string[]).includes(metadata.labels['app.kubernetes.io/name'] ?? '');
        assert.equal(spec.nodeName, isStore ? undefined : agent, metadata.name);
      }
    },
    PODS_TIMEOUT_MS,
    LOOK_EVERY_MS,
  );
  for (const name of storeNames) {
    const moved = await orchestrator(`move ${name}`);
    assertDone(moved, `${name} moved`);
    t.diagnostic(`move ${name}: ${moved.seconds} s`);
    await waitForPods([name], agent);
  }
  await assertCounts(origin, before);
  const volumes = await list('persistentvolumes');
  assert.equal(volumes.length, 3, 'the old volumes are gone');

  await sh(`kubectl uncordon ${server}`);
  await sh('kubectl scale statefulset billing-app --replicas=1');
  await eventually(async () => assert.equal((await readOrders()).length, 40), PODS_TIMEOUT_MS, LOOK_EVERY_MS);
  for (const name of storeNames) assertDone(await orchestrator(`move ${name} ${server}`), `${name} moved`);
  await assertCounts(origin, { movies: 1, orders: 40, queues: { billing_queue: 0, 'billing_queue.dead': 0 } });
});

clusterTest('a move that is killed at any moment keeps the data, and goes on when it is run again', async (t) => {
  await ensureSystem(t);
  const { server, agent } = await nodesOf(t);
  const [origin = ''] = await origins();
  const mine: string[] = Array.from({ length: 10 }, () => randomUUID());
  for (const userId of mine) await order(origin, userId);
  const stored = async (): Promise<number> =>
    (await readOrders()).filter(({ user_id }) => mine.includes(user_id)).length;
  await eventually(async () => assert.equal(await stored(), mine.length), PODS_TIMEOUT_MS, LOOK_EVERY_MS);
  const at = await nodeOf('billing-database');
  const target = at === server ? agent : server;
  for (const moment of [/stops, and goes/, /copying/, /is the same/, /\[2\/3\]/, /\[2\/3\]/, /\[3\/3\]/]) {
    t.diagnostic(await killMove(`billing-database ${target}`, moment));
  }
  assertDone(await orchestrator(`move billing-database ${target}`), 'billing-database moved');
  await waitForPods(['billing-database'], target);
  assert.equal(await stored(), mine.length);
  const claims = await list<{ metadata: { name: string } }>('persistentvolumeclaims');
  assert.deepEqual(claims.map(({ metadata }) => metadata.name).toSorted(), Object.values(claimOf).toSorted());
  assert.equal((await list('persistentvolumes')).length, 3);
  const back = await run(`./orchestrator.sh move billing-database ${at}`);
  assertDone(back, 'billing-database moved');
  assert.equal(await stored(), mine.length);
});

/** Starts a move and kills it soon after it has said this; it may have come to its end before. */
async function killMove(what: string, moment: RegExp): Promise<string> {
  const child = start(`./orchestrator.sh move ${what}`);
  let said = '';
  child.stderr?.on('data', (part: Buffer) => (said += part.toString()));
  const result = ended(child);
  await eventually(() => assert.ok(moment.test(said) || child.exitCode !== null, said), PODS_TIMEOUT_MS);
  await delay(Math.random() * 1_500);
  child.kill('SIGKILL');
  const { signal } = await result;
  return `${signal === null ? 'came to its end' : 'killed'} after: ${said.trimEnd().split('\n').at(-1)?.trim()}`;
}
