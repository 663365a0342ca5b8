import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { DEAD_LETTER_QUEUE } from '@orchestrator/contracts/queue.ts';
import { readyCount } from '../support/broker.ts';
import { query } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import type { Program } from '../support/program.ts';
import { drain, readRows, startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';
import { assertGood } from '../support/verdict.ts';

const ORDERS_MIN = 20_000;
const TEST_TIMEOUT_MS = 300_000;

/** How long confirmed orders may stay away after a fault: a broker needs ten seconds to come back on a busy machine. */
const RECOVERY_TIMEOUT_MS = 60_000;

type Fault = [name: string, times: number, strike: (system: System, random: Random) => Promise<unknown> | void];
type Random = (below: number) => number;

const faults: Fault[] = [
  ['gateway killed', 4, ({ gateways }, random) => gateways[random(gateways.length)]?.kill('SIGKILL')],
  ['billing-app killed', 5, ({ billing }) => billing.kill('SIGKILL')],
  ['billing-app frozen', 2, ({ billing }, random) => freeze(billing, 2000 + random(5000))],
  ['broker killed', 3, ({ rabbitmq }) => rabbitmq.kill('SIGKILL')],
  ['broker frozen', 2, ({ rabbitmq }, random) => freeze(rabbitmq, 2000 + random(5000))],
  ['database killed', 3, ({ billingDatabase }) => billingDatabase.kill('SIGKILL')],
  ['database frozen', 1, ({ billingDatabase }, random) => freeze(billingDatabase, 2000 + random(5000))],
  ['backend of the database killed', 4, killBackend],
  ['billing-app killed with orders in hand', 3, killWithOrdersInHand],
];

async function freeze(program: Program, forMs: number): Promise<void> {
  program.pause();
  await delay(forMs);
  program.resume();
}

/** The one that billing-app inserts with, if it has any right now. PostgreSQL then ends all others as well and recovers. */
async function killBackend({ billingDatabase }: System): Promise<void> {
  await eventually(async () => {
    const [backend] = await query<{ pid: number }>(
      billingDatabase.config,
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'billing-app' LIMIT 1",
    );
    assert.ok(backend, 'billing-app has no connection');
    process.kill(backend.pid, 'SIGKILL');
  }, RECOVERY_TIMEOUT_MS);
}

/** While its database does not answer, it certainly holds orders that are not stored yet. */
async function killWithOrdersInHand({ billing, billingDatabase }: System): Promise<void> {
  await billing.ready();
  billingDatabase.pause();
  await delay(500);
  billing.kill('SIGKILL');
  billingDatabase.resume();
}

test(
  'random faults under load: nothing confirmed is lost, nothing is doubled',
  { timeout: TEST_TIMEOUT_MS },
  async (t) => {
    const seed = Number(process.env['FAULT_SEED'] ?? randomInt(2 ** 31));
    t.diagnostic(`FAULT_SEED=${seed} repeats the order of the faults`);
    const random = mulberry32(seed);
    const deck = shuffle(
      faults.flatMap((fault) => Array.from({ length: fault[1] }, () => fault)),
      random,
    );

    const system = await startSystem(t, { gateways: 2, env: async () => quiet });
    const urls = system.gateways.map(({ url }) => url);
    let orders = 0;
    const gateways = (): string[] => (orders++ % 2 === 0 ? urls : urls.toReversed());
    const once = startLoad(t, { gateways, clients: 30, mode: 'once' });
    const again = startLoad(t, { gateways, clients: 10, mode: 'until confirmed' });
    const confirmed = (): number => once.ledger.confirmed + again.ledger.confirmed;

    const share = Math.ceil(ORDERS_MIN / deck.length);
    for (const [name, , strike] of deck) {
      const [target, startMs] = [confirmed() + share, Date.now()];
      await strike(system, random);
      // An outage that swallows everything would test nothing.
      await eventually(() => assert.ok(confirmed() >= target, `after: ${name}`), RECOVERY_TIMEOUT_MS);
      t.diagnostic(`${name}: ${share} more orders confirmed after ${Date.now() - startMs} ms`);
      await delay(random(1000));
    }
    await Promise.all([once.stop(), again.stop()]);
    await drain(system.billing, system.rabbitmq.config, RECOVERY_TIMEOUT_MS);

    const rows = await readRows(system.billingDatabase.config);
    const ofOnce = rows.filter((row) => once.ledger.numberIn(row.user_id) !== undefined);
    const ofAgain = rows.filter((row) => once.ledger.numberIn(row.user_id) === undefined);
    const first = await assertGood(t, 'sent once', once, ofOnce);
    const second = await assertGood(t, 'sent again until confirmed', again, ofAgain);

    assert.ok(deck.length >= 20);
    assert.ok(first.confirmed + second.confirmed >= ORDERS_MIN);
    assert.equal(second.confirmed, second.attempted, 'with its key, every order ends in a 200');
    assert.equal(second.stored, second.attempted, 'one row for each key');
    assert.equal(again.figures.contradictions, 0, 'one tracking id for each key');
    assert.equal(await readyCount(system.rabbitmq.config, DEAD_LETTER_QUEUE), 0);
  },
);

const quiet = { 'api-gateway': { LOG_LEVEL: 'warn' }, 'billing-app': { LOG_LEVEL: 'warn' } };

function shuffle<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  return items.map(() => left.splice(random(left.length), 1)).flat();
}

/** A small generator of random numbers that a seed repeats (Tommy Ettinger's mulberry32). */
function mulberry32(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
