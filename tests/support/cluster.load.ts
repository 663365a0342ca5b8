import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { origins, queueDepths, readOrders } from './cluster.objects.ts';
import { eventually } from './eventually.ts';
import { isGood, judge } from '@orchestrator/orchestrator/orders/ledger.ts';
import { startSteadyLoad } from './steady-load.ts';
import type { SteadyLoad } from './steady-load.ts';

/** What waits in the queue is stored at thousands a second, once billing-app is back. */
const STORED_TIMEOUT_MS = 120_000;

const LOOK_EVERY_MS = 2_000;

/** Starts a constant load on the gateway of every node, and waits until it has its first answers. */
export async function loadSystem(t: TestContext, perSecond = 50): Promise<SteadyLoad> {
  const load = startSteadyLoad(t, await origins(), perSecond);
  await eventually(() => assert.ok(load.sent() >= perSecond), 10_000);
  return load;
}

/** Ends the load and waits until the queue is empty; every confirmed order is stored exactly once, and nothing else of it. */
export async function assertStoredOnce(t: TestContext, what: string, load: SteadyLoad): Promise<void> {
  await load.stop();
  const { ledger, figures, failures } = load;
  const verdict = await eventually(
    async () => {
      assert.equal((await queueDepths())['billing_queue'], 0);
      const rows = await readOrders();
      const judged = await judge(
        ledger,
        rows.filter(({ user_id }) => ledger.numberIn(user_id) !== undefined),
      );
      assert.ok(isGood(judged), JSON.stringify(judged));
      return judged;
    },
    STORED_TIMEOUT_MS,
    LOOK_EVERY_MS,
  );
  t.diagnostic(
    `${what}: ${load.sent()} requests, ${failures.length} not answered with 200; ${verdict.confirmed} orders confirmed, ` +
      `${verdict.stored} stored, lost 0, doubled 0; longest answer ${Math.round(figures.longestMs)} ms`,
  );
  for (const failure of failures.slice(0, 20)) t.diagnostic(failure);
  assert.equal((await queueDepths())['billing_queue.dead'], 0);
}

/** The same, and every single request was answered with 200. */
export async function assertNothingFailed(t: TestContext, what: string, load: SteadyLoad): Promise<void> {
  await assertStoredOnce(t, what, load);
  assert.deepEqual(load.failures, []);
}
