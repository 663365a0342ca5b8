import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { TestContext } from 'node:test';
import { DEAD_LETTER_QUEUE, ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import { deleteQueue, readyCount } from '../support/broker.ts';
import { eventually } from '../support/eventually.ts';
import { sendOrder } from '@orchestrator/orchestrator/orders/send.ts';
import { startLoad } from '../support/load.ts';
import type { Answer } from '@orchestrator/orchestrator/orders/send.ts';
import type { Load } from '../support/load.ts';
import { drain, readRows, startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';
import { assertGood, assertInTime } from '../support/verdict.ts';

/** The broker's own state decides in microseconds; the rest is a busy machine. */
const FAST_MS = 1000;
const TIMEOUT_MS = 60_000;
const CLIENTS = 10;

let system: System;
before(async (scope) => {
  system = await startSystem(scope);
});

const gateways = (): string[] => [system.gateways[0].url];

/** Sends orders, each until it is confirmed, in between something happens, and at the end all is well. */
async function underLoad(t: TestContext, story: (load: Load) => Promise<void>): Promise<void> {
  const load = startLoad(t, { gateways, clients: CLIENTS, mode: 'until confirmed' });
  await moreConfirmed(load);
  await story(load);
  await moreConfirmed(load);
  await load.stop();
  await assertWell(t, load);
}

async function moreConfirmed(load: Load): Promise<void> {
  const target = load.ledger.confirmed + 100;
  await eventually(() => assert.ok(load.ledger.confirmed >= target, JSON.stringify(load.figures)), TIMEOUT_MS);
}

/** Everything is in the table, and billing-app runs again afterwards. */
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
  assert.equal(load.figures.contradictions, 0);
  assert.equal(await readyCount(system.rabbitmq.config, DEAD_LETTER_QUEUE), 0);
}

const order = { user_id: 'probe', number_of_items: '1', total_amount: '1' };

async function untilRefused(code: string): Promise<void> {
  await eventually(async () => assert.equal((await sendOrder(gateways(), order)).what, `503 ${code}`), TIMEOUT_MS);
}

async function assertRefusedFast(code: string): Promise<void> {
  const answers: Answer[] = [];
  for (let count = 0; count < 20; count += 1) answers.push(await sendOrder(gateways(), order));
  for (const { what, retryAfter, tookMs } of answers) {
    assert.equal(what, `503 ${code}`);
    assert.match(retryAfter ?? '', /^[1-9][0-9]*$/, 'Retry-After');
    assert.ok(tookMs < FAST_MS, `a refusal took ${tookMs} ms`);
  }
}

test('broker frozen: every answer comes in time, and orders are confirmed again afterwards', async (t) => {
  await underLoad(t, async (load) => {
    system.rabbitmq.pause();
    t.after(() => system.rabbitmq.resume());
    const { answers } = load.figures;
    const refused = (): number => (answers['503 outcome_unknown'] ?? 0) + (answers['503 broker_unavailable'] ?? 0);
    await eventually(() => assert.ok(refused() >= 500, JSON.stringify(answers)), TIMEOUT_MS);
    assert.ok((answers['503 outcome_unknown'] ?? 0) > 0, JSON.stringify(answers));
    const { what, retryAfter, tookMs } = await sendOrder(gateways(), order);
    assert.match(what, /^503 (outcome_unknown|broker_unavailable)$/);
    assert.match(retryAfter ?? '', /^[1-9][0-9]*$/, 'Retry-After');
    assertInTime(tookMs);
    system.rabbitmq.resume();
  });
});

const alarms: Array<[name: string, raise: string[], clear: string[]]> = [
  ['memory', ['set_vm_memory_high_watermark', '0.000001'], ['set_vm_memory_high_watermark', '0.4']],
  ['disk', ['set_disk_free_limit', '1000000GB'], ['set_disk_free_limit', '50MB']],
];

for (const [name, raise, clear] of alarms) {
  test(`broker blocked by its ${name} alarm: fast refusals, then all is well`, async (t) => {
    await underLoad(t, async ({ figures: { answers } }) => {
      await system.rabbitmq.control(...raise);
      t.after(() => system.rabbitmq.control(...clear));
      await untilRefused('broker_unavailable');
      await eventually(() => assert.ok((answers['503 broker_unavailable'] ?? 0) >= 500), TIMEOUT_MS);
      // Only what was on its way when the alarm came: two requests of each client.
      assert.ok((answers['503 outcome_unknown'] ?? 0) <= 2 * CLIENTS, JSON.stringify(answers));
      await assertRefusedFast('broker_unavailable');
      await system.rabbitmq.control(...clear);
    });
  });
}

test('queue full: refusals that say so, nothing confirmed is dropped', async (t) => {
  await system.billing.stop();
  const policy = ['^billing_queue$', '{"max-length":500,"overflow":"reject-publish"}', '--apply-to', 'queues'];
  await system.rabbitmq.control('set_policy', 'full', ...policy);
  const load = startLoad(t, { gateways, clients: 10, mode: 'once' });
  await eventually(() => assert.ok((load.figures.answers['503 queue_full'] ?? 0) >= 100), TIMEOUT_MS);
  await assertRefusedFast('queue_full');
  await load.stop();

  const { confirmed, attempted } = load.ledger;
  assert.ok(confirmed >= 500, `only ${confirmed} of ${attempted} were confirmed`);
  assert.equal(await readyCount(system.rabbitmq.config, ORDER_QUEUE), confirmed, 'all confirmed orders wait, no other');
  // The limit of a quorum queue is checked before what is on its way to it arrives.
  assert.ok(confirmed <= 500 + 10, `the queue took ${confirmed} of at most 500`);

  await system.rabbitmq.control('clear_policy', 'full');
  await system.billing.start();
  await assertWell(t, load);
  await underLoad(t, async () => undefined);
});

for (const consumer of ['running', 'stopped']) {
  test(`queue deleted, billing-app ${consumer}: no confirmed order goes nowhere, the queue is back in time`, async (t) => {
    // With an empty queue it is certain that no confirmed order was in the one that is deleted.
    await drain(system.billing, system.rabbitmq.config, TIMEOUT_MS);
    if (consumer === 'running') await system.billing.start();
    await deleteQueue(system.rabbitmq.config, ORDER_QUEUE);
    const startMs = performance.now();
    const load = startLoad(t, { gateways, clients: 10, mode: 'once' });
    await eventually(() => assert.ok(load.ledger.confirmed > 0, JSON.stringify(load.figures)), TIMEOUT_MS);
    const backMs = performance.now() - startMs;
    t.diagnostic(`the queue was back after ${Math.round(backMs)} ms`);
    assertInTime(backMs);
    await moreConfirmed(load);
    await load.stop();
    if (consumer === 'stopped') {
      assert.ok((load.figures.answers['503 unroutable'] ?? 0) > 0, JSON.stringify(load.figures));
      await system.billing.start();
    }
    await assertWell(t, load);
  });
}
