import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { ORDER_QUEUE, queueArguments } from '@orchestrator/contracts/queue.ts';
import {
  brokerEnv,
  createVhost,
  declareQueue,
  publish,
  readDeadLetters,
  readyCount,
} from '../../tests/support/broker.ts';
import type { RawMessage } from '../../tests/support/broker.ts';
import { createDatabase, databaseEnv, query } from '../../tests/support/database.ts';
import { eventually } from '../../tests/support/eventually.ts';
import { startDatabase } from '../../tests/support/servers.ts';
import { startService } from '../../tests/support/service.ts';

/** Orders of which each can be told from every other, the amount too. */
function orders(count: number): RawMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    body: JSON.stringify({ user_id: `user ${index}`, number_of_items: index + 1, total_amount: `${index}.07` }),
    properties: { persistent: true, messageId: randomUUID() },
  }));
}

interface Totals {
  rows: number;
  users: number;
  cents: string;
}

async function totals(database: Parameters<typeof query>[0]): Promise<Totals | undefined> {
  const [row] = await query<Totals & Record<string, unknown>>(
    database,
    'SELECT count(*)::int AS rows, count(DISTINCT user_id)::int AS users, sum(total_amount)::text AS cents FROM orders',
  );
  return row;
}

const expected = (count: number): Totals => ({
  rows: count,
  users: count,
  cents: ((count * (count - 1)) / 2 + count * 0.07).toFixed(2),
});

for (const [signal, rounds] of [
  ['SIGKILL', 15],
  ['SIGTERM', 6],
] as const) {
  test(`${signal} at random moments while a backlog drains: each order has exactly one row`, async (t) => {
    const COUNT = 20_000;
    const [database, broker] = [await createDatabase(t), await createVhost(t)];
    const env = { ...databaseEnv(database), ...brokerEnv(broker) };
    await declareQueue(broker, ORDER_QUEUE, queueArguments[ORDER_QUEUE]);
    await publish(broker, orders(COUNT));

    let whileDraining = 0;
    for (let round = 0; round < rounds; round += 1) {
      const service = await startService(t, 'billing-app', env, '/health/live');
      const before = (await eventually(() => totals(database)))?.rows ?? 0;
      if (before < COUNT) {
        // From the first batch of this life on, and then at any point of a batch's cycle.
        await eventually(async () => assert.ok(((await totals(database))?.rows ?? 0) > before));
        await delay(Math.random() * 20);
      }
      assert.equal(await service.stop(signal), signal === 'SIGTERM' ? 0 : null);
      if (((await totals(database))?.rows ?? 0) < COUNT) whileDraining += 1;
      // An orderly stop acknowledges what it has stored: nothing of it comes again.
      if (signal === 'SIGTERM') assert.doesNotMatch(service.logs(), /"duplicates":[1-9]|order duplicate/);
    }
    t.diagnostic(`${whileDraining} of ${rounds} stops were while orders were left`);
    assert.ok(whileDraining > 0);

    const service = await startService(t, 'billing-app', env);
    await eventually(async () => assert.deepEqual(await totals(database), expected(COUNT)), 60_000);
    await eventually(async () => assert.equal(await readyCount(broker), 0));
    assert.equal(await service.stop(), 0);
    assert.equal(await readyCount(broker), 0);
    assert.deepEqual(await totals(database), expected(COUNT));
    assert.equal((await readDeadLetters(broker)).length, 0);
  });
}

test('while its database is away nothing is dead-lettered and little is done; then all is stored', async (t) => {
  const COUNT = 5000;
  const database = await startDatabase(t, 'billing-database', 'orders', 'billing_user');
  const broker = await createVhost(t);
  const env = { ...databaseEnv(database.config), ...brokerEnv(broker) };
  const service = await startService(t, 'billing-app', env);
  await database.stop();
  await publish(broker, orders(COUNT));

  await eventually(() => assert.match(service.logs(), /orders cannot be stored/));
  assert.equal((await fetch(`${service.url}/health/live`)).status, 200);
  assert.equal((await fetch(`${service.url}/health/ready`)).status, 503);
  const [cpuBefore, startMs] = [await cpuSeconds(service.metricsUrl), performance.now()];
  await delay(10_000);
  const share = ((await cpuSeconds(service.metricsUrl)) - cpuBefore) / ((performance.now() - startMs) / 1000);
  t.diagnostic(`CPU while waiting: ${(share * 100).toFixed(1)} %`);
  assert.ok(share < 0.1);
  assert.equal((await readDeadLetters(broker)).length, 0);

  await database.start();
  await eventually(async () => assert.deepEqual(await totals(database.config), expected(COUNT)));
  await eventually(async () => assert.equal((await fetch(`${service.url}/health/ready`)).status, 200));
  assert.equal(await service.stop(), 0);
  assert.equal(await readyCount(broker), 0);
  assert.equal((await readDeadLetters(broker)).length, 0);
});

test('SIGTERM while the database is away ends at once; the orders return to the queue', async (t) => {
  const database = await startDatabase(t, 'billing-database', 'orders', 'billing_user');
  const broker = await createVhost(t);
  const service = await startService(t, 'billing-app', { ...databaseEnv(database.config), ...brokerEnv(broker) });
  await database.stop();
  await publish(broker, orders(2000));
  await eventually(() => assert.match(service.logs(), /orders cannot be stored/));
  const startMs = performance.now();
  assert.equal(await service.stop(), 0);
  assert.ok(performance.now() - startMs < 5000);
  assert.equal(await readyCount(broker), 2000);
});

async function cpuSeconds(metricsUrl: string): Promise<number> {
  const metrics = await (await fetch(metricsUrl)).text();
  return Number(/^process_cpu_seconds_total ([0-9.]+)$/m.exec(metrics)?.[1]);
}
