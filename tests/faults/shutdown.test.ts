import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { TestContext } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { query } from '../support/database.ts';
import { databaseEnv } from '../support/database.ts';
import { brokerEnv } from '../support/broker.ts';
import { eventually } from '../support/eventually.ts';
import { sendOrder } from '@orchestrator/orchestrator/orders/send.ts';
import { startLoad } from '../support/load.ts';
import type { Load } from '../support/load.ts';
import { drain, readRows, runService, startSystem } from '../support/system.ts';
import type { ServiceProgram, System } from '../support/system.ts';
import { assertGood } from '../support/verdict.ts';

const TIMEOUT_MS = 60_000;

/** Longer than the balancer takes to notice, as it must be in a cluster. */
const draining = { DRAIN_MS: '1500' };

let system: System;
/** Two of each behind one address; the second gateway knows the inventory apps only by theirs. */
let gateways: ServiceProgram[];
let inventories: ServiceProgram[];
let address: string;

before(async (scope) => {
  system = await startSystem(scope, { env: async () => ({ 'inventory-app': draining }) });
  const second = await runService(scope, 'inventory-app', {
    ...databaseEnv(system.inventoryDatabase.config),
    ...draining,
  });
  inventories = [system.inventory, second];
  const upstreams = {
    INVENTORY_URL: await startBalancer(
      scope,
      inventories.map(({ url }) => url),
    ),
    BILLING_URL: system.billing.url,
  };
  const env = { ...upstreams, ...brokerEnv(system.rabbitmq.config), ...draining };
  gateways = await Promise.all([1, 2].map(() => runService(scope, 'api-gateway', env)));
  address = await startBalancer(
    scope,
    gateways.map(({ url }) => url),
  );
});

function startOrders(t: TestContext): Load {
  return startLoad(t, { gateways: () => [address], clients: 20, mode: 'once' });
}

async function moreConfirmed(load: Load): Promise<void> {
  const target = load.ledger.confirmed + 300;
  await eventually(() => assert.ok(load.ledger.confirmed >= target, JSON.stringify(load.figures)), TIMEOUT_MS);
}

/** Stops and starts each of them in turn, while something else goes on. */
async function roll(programs: ServiceProgram[], goesOn: () => Promise<void>): Promise<void> {
  for (const program of programs) {
    await goesOn();
    assert.equal(await program.stop('SIGTERM'), 0, 'an orderly end');
    await goesOn();
    await program.start();
  }
}

async function assertWell(t: TestContext, load: Load): Promise<void> {
  await drain(system.billing, system.rabbitmq.config, TIMEOUT_MS);
  const rows = await readRows(system.billingDatabase.config);
  await system.billing.start();
  await assertGood(
    t,
    t.name,
    load,
    rows.filter((row) => load.ledger.numberIn(row.user_id) !== undefined),
  );
}

test('SIGTERM of each gateway under load: no request fails', async (t) => {
  const load = startOrders(t);
  await roll(gateways, () => moreConfirmed(load));
  await moreConfirmed(load);
  await load.stop();
  assert.deepEqual(Object.keys(load.figures.answers), ['200'], JSON.stringify(load.figures.answers));
  await assertWell(t, load);
});

test('SIGKILL of a gateway under load: requests fail, and this test would see it; nothing confirmed is lost', async (t) => {
  const load = startOrders(t);
  await moreConfirmed(load);
  gateways[0]?.kill('SIGKILL');
  await eventually(() => assert.ok(Object.keys(load.figures.answers).length > 1), TIMEOUT_MS);
  await moreConfirmed(load);
  await load.stop();
  await assertWell(t, load);
});

test('SIGTERM of each inventory-app under load: no request fails', async (t) => {
  const stopping = new AbortController();
  t.after(() => stopping.abort());
  const answers: Record<string, number> = {};
  let answered = 0;
  async function reader(): Promise<void> {
    while (!stopping.signal.aborted) {
      const what = await fetch(`${address}/api/movies?limit=1`).then(async (answer) => {
        await answer.text();
        return String(answer.status);
      }, String);
      answers[what] = (answers[what] ?? 0) + 1;
      answered += 1;
    }
  }
  const readers = Promise.all(Array.from({ length: 10 }, reader));
  await roll(inventories, async () => {
    const target = answered + 300;
    await eventually(() => assert.ok(answered >= target), TIMEOUT_MS);
  });
  stopping.abort();
  await readers;
  assert.deepEqual(Object.keys(answers), ['200'], JSON.stringify(answers));
});

test('SIGTERM of billing-app under load: nothing is lost or doubled, clients never notice', async (t) => {
  const load = startOrders(t);
  for (let round = 1; round <= 4; round += 1) await roll([system.billing], () => moreConfirmed(load));
  await load.stop();
  assert.deepEqual(Object.keys(load.figures.answers), ['200'], JSON.stringify(load.figures.answers));
  await assertWell(t, load);
});

test('billing-app stopped: an order gets its 200, waits through a restart of the broker, and is stored when it is back', async () => {
  await system.billing.stop();
  const values = { user_id: 'classic check', number_of_items: '99', total_amount: '250' };
  const stored = (): Promise<unknown[]> =>
    query(system.billingDatabase.config, 'SELECT * FROM orders WHERE user_id = $1', [values.user_id]);
  const { what, trackingId } = await sendOrder([address], values);
  assert.equal(what, '200');
  assert.deepEqual(await stored(), []);
  await system.rabbitmq.stop();
  await system.rabbitmq.start();
  assert.deepEqual(await stored(), []);

  await system.billing.start();
  const rows = await eventually(async () => {
    const found = await stored();
    assert.equal(found.length, 1);
    return found;
  }, 30_000);
  const [row] = rows as Array<Record<string, unknown>>;
  assert.deepEqual([row?.['tracking_id'], row?.['number_of_items'], row?.['total_amount']], [trackingId, 99, '250.00']);
  await eventually(async () => assert.equal((await sendOrder([address], values)).what, '200'), TIMEOUT_MS);
});
