import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { TestContext } from 'node:test';
import { DEAD_LETTER_QUEUE } from '@orchestrator/contracts/queue.ts';
import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import { brokerEnv, createVhost, readyCount } from '../support/broker.ts';
import { createDatabase, databaseEnv } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { sendOrder } from '@orchestrator/orchestrator/orders/send.ts';
import { startLoad } from '../support/load.ts';
import type { Load } from '../support/load.ts';
import { drain, readRows, runService } from '../support/system.ts';
import type { ServiceProgram } from '../support/system.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import type { TcpProxy } from '../support/tcp-proxy.ts';
import { assertGood, assertInTime } from '../support/verdict.ts';

const TIMEOUT_MS = 60_000;

/** One arrow of the picture each. */
let gatewayToBroker: TcpProxy;
let gatewayToInventory: TcpProxy;
let billingToBroker: TcpProxy;
let billingToDatabase: TcpProxy;
let gateway: ServiceProgram;
let inventory: ServiceProgram;
let billing: ServiceProgram;
let broker: BrokerConfig;
let orders: DatabaseConfig;

before(async (scope) => {
  broker = await createVhost(scope);
  orders = await createDatabase(scope);
  inventory = await runService(scope, 'inventory-app', databaseEnv(await createDatabase(scope)));
  gatewayToBroker = await startTcpProxy(scope, broker.port);
  gatewayToInventory = await startTcpProxy(scope, Number(new URL(inventory.url).port));
  billingToBroker = await startTcpProxy(scope, broker.port);
  billingToDatabase = await startTcpProxy(scope, orders.port);
  billing = await runService(scope, 'billing-app', {
    ...databaseEnv({ ...orders, host: '127.0.0.1', port: billingToDatabase.port }),
    ...brokerEnv({ ...broker, host: '127.0.0.1', port: billingToBroker.port }),
  });
  gateway = await runService(scope, 'api-gateway', {
    ...brokerEnv({ ...broker, host: '127.0.0.1', port: gatewayToBroker.port }),
    INVENTORY_URL: `http://127.0.0.1:${gatewayToInventory.port}`,
    BILLING_URL: billing.url,
  });
});

/** Orders that were not confirmed are sent again with their key, while the network changes; at the end all is well. */
async function underLoad(t: TestContext, story: (load: Load) => Promise<void>): Promise<void> {
  const load = startLoad(t, { gateways: () => [gateway.url], clients: 5, mode: 'until confirmed' });
  await moreConfirmed(load);
  await story(load);
  await moreConfirmed(load);
  await load.stop();
  await drain(billing, broker, TIMEOUT_MS);
  const rows = await readRows(orders);
  await billing.start();
  await assertGood(
    t,
    t.name,
    load,
    rows.filter((row) => load.ledger.numberIn(row.user_id) !== undefined),
  );
  assert.equal(load.figures.contradictions, 0);
  assert.equal(await readyCount(broker, DEAD_LETTER_QUEUE), 0);
}

async function moreConfirmed(load: Load, count = 100): Promise<void> {
  const target = load.ledger.confirmed + count;
  await eventually(() => assert.ok(load.ledger.confirmed >= target, JSON.stringify(load.figures)), TIMEOUT_MS);
}

test('black hole between gateway and broker: every answer comes in time, then all is well', async (t) => {
  await underLoad(t, async (load) => {
    gatewayToBroker.set('blackhole');
    // Those in hand wait for their confirm in vain; then the connection is given up, and the others are refused at once.
    await eventually(() => {
      const { answers } = load.figures;
      assert.ok((answers['503 outcome_unknown'] ?? 0) >= 1, JSON.stringify(answers));
      assert.ok((answers['503 broker_unavailable'] ?? 0) >= 20, JSON.stringify(answers));
    }, TIMEOUT_MS);
    gatewayToBroker.set('pass');
  });
});

test('connections between gateway and broker reset again and again: all is well', async (t) => {
  await underLoad(t, async (load) => {
    for (let count = 0; count < 5; count += 1) {
      gatewayToBroker.set('reset');
      gatewayToBroker.set('pass');
      await moreConfirmed(load, 20);
    }
  });
});

test('slow network in small pieces between gateway and broker: orders are confirmed all the same', async (t) => {
  await underLoad(t, async (load) => {
    gatewayToBroker.set('slow');
    await moreConfirmed(load);
    gatewayToBroker.set('pass');
  });
});

test('black hole between billing-app and its database: clients do not notice, reading is refused in time', async (t) => {
  await underLoad(t, async (load) => {
    const answersBefore = structuredClone(load.figures.answers);
    billingToDatabase.set('blackhole');
    const startMs = performance.now();
    const answer = await fetch(`${gateway.url}/api/billing/019aa000-0000-7000-8000-000000000001`);
    assert.equal(answer.status, 503, await answer.text());
    assertInTime(performance.now() - startMs);
    await moreConfirmed(load, 500);
    billingToDatabase.set('pass');
    const others = Object.keys(load.figures.answers).filter((what) => !(what in answersBefore));
    assert.deepEqual(others, []);
  });
});

test('black hole between billing-app and the broker: clients do not notice, and all is stored once it finds out', async (t) => {
  await underLoad(t, async (load) => {
    billingToBroker.set('blackhole');
    await moreConfirmed(load, 500);
    billingToBroker.set('pass');
  });
});

/** What a client of the movies API is told, and that it need not wait for it; meanwhile orders are taken. */
async function assertMoviesFail(status: number): Promise<void> {
  await eventually(async () => {
    const startMs = performance.now();
    const answer = await fetch(`${gateway.url}/api/movies?limit=1`);
    assertInTime(performance.now() - startMs);
    assert.equal(answer.status, status, await answer.text());
    assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
  });
  const order = { user_id: 'meanwhile', number_of_items: '1', total_amount: '1' };
  assert.equal((await sendOrder([gateway.url], order)).what, '200');
  assert.equal((await fetch(`${gateway.url}/health/ready`)).status, 200);
}

async function assertMoviesWork(): Promise<void> {
  await eventually(async () => {
    const answer = await fetch(`${gateway.url}/api/movies?limit=1`);
    assert.equal(answer.status, 200, await answer.text());
  }, TIMEOUT_MS);
}

test('inventory-app frozen: 504 in time, orders are taken, and it works again afterwards', async (t) => {
  await assertMoviesWork();
  inventory.pause();
  t.after(() => inventory.resume());
  await assertMoviesFail(504);
  inventory.resume();
  await assertMoviesWork();
});

test('inventory-app killed: 502 in time, orders are taken, and it works again afterwards', async () => {
  await inventory.stop('SIGKILL');
  await assertMoviesFail(502);
  await inventory.start();
  await assertMoviesWork();
});

test('black hole between gateway and inventory-app: 504 in time, orders are taken, and it works again afterwards', async () => {
  gatewayToInventory.set('blackhole');
  await assertMoviesFail(504);
  gatewayToInventory.set('pass');
  await assertMoviesWork();
});
