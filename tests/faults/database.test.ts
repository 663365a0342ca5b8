import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { DEAD_LETTER_QUEUE } from '@orchestrator/contracts/queue.ts';
import { readyCount } from '../support/broker.ts';
import { eventually } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { drain, readRows, startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';
import { assertGood } from '../support/verdict.ts';

const AWAY_MS = 60_000;
const BACKLOG = 5000;
const TIMEOUT_MS = 60_000;

/** What a waiting billing-app may use of one processor; a hot loop takes all of it. */
const CPU_SHARE_MAX = 0.1;

let system: System;
before(async (scope) => {
  system = await startSystem(scope);
});

test("billing's database away for a minute: the backlog waits, and all of it is stored afterwards", async (t) => {
  const load = startLoad(t, { gateways: () => [system.gateways[0].url], clients: 20, mode: 'once' });
  await eventually(() => assert.ok(load.ledger.confirmed > 100), TIMEOUT_MS);
  const pid = system.billing.pid();
  const awaySinceMs = Date.now();
  await system.billingDatabase.stop();
  const target = load.ledger.confirmed + BACKLOG;
  await eventually(() => assert.ok(load.ledger.confirmed >= target), TIMEOUT_MS);
  await load.stop();

  const [idleSinceMs, usedBeforeMs] = [Date.now(), cpuTimeMs(pid)];
  // The promise is about a time: being away for a minute takes a minute.
  await delay(Math.max(0, awaySinceMs + AWAY_MS - Date.now()));
  const share = (cpuTimeMs(pid) - usedBeforeMs) / (Date.now() - idleSinceMs);
  t.diagnostic(`billing-app used ${(share * 100).toFixed(1)} % of a processor while its database was away`);
  assert.ok(share < CPU_SHARE_MAX);
  assert.equal(await readyCount(system.rabbitmq.config, DEAD_LETTER_QUEUE), 0);

  await system.billingDatabase.start();
  const backMs = Date.now();
  await eventually(async () => assert.ok((await readRows(system.billingDatabase.config)).length >= target), TIMEOUT_MS);
  t.diagnostic(`all was stored ${Date.now() - backMs} ms after the database was back`);
  assert.equal(system.billing.pid(), pid, 'billing-app was never restarted');
  await drain(system.billing, system.rabbitmq.config, TIMEOUT_MS);
  await assertGood(t, 'database away', load, await readRows(system.billingDatabase.config));
  assert.deepEqual(Object.keys(load.figures.answers), ['200'], 'clients never noticed');
  assert.equal(await readyCount(system.rabbitmq.config, DEAD_LETTER_QUEUE), 0);
});

/** User and system time of a process so far (proc(5), fields 14 and 15; in hundredths of a second). */
function cpuTimeMs(pid: number): number {
  if (process.platform !== 'linux') return 0;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
