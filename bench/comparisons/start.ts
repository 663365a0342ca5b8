import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '@orchestrator/orchestrator/local/ports.ts';
import { done, notYet, until } from '@orchestrator/orchestrator/wait.ts';
import { isReady, launch } from '../bench.ts';
import type { Bench, Program } from '../bench.ts';
import { compare } from '../comparison.ts';
import type { Comparison, Finding } from '../comparison.ts';
import { cpuSeconds, memoryMb } from '../measure.ts';
import { makeTables } from '../movies.ts';
import { brokerSettings, brokerUrl, databaseSettings, databaseUrl, program, service } from '../programs.ts';

const against = 'Express 5 + Sequelize 6 + amqplib, started with tsx';
const tsx = fileURLToPath(new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url));

const READY_TIMEOUT_MS = 60_000;

/** What is started late, such as a timer's first work, has happened by then. */
const IDLE_MS = 4000;

interface Start {
  cpuS: number;
  idleMb: number;
}

async function run(bench: Bench): Promise<Finding[]> {
  const [broker, inventory, orders] = [await bench.vhost(), await bench.database(), await bench.database()];
  await makeTables(orders, 'billing-app');
  const nowhere = 'http://127.0.0.1:1';
  const toBroker = brokerSettings(broker);
  const peer = program('peers/service.sequelize.ts', {
    DATABASE_URL: databaseUrl(orders),
    RABBITMQ_URL: brokerUrl(broker),
  });
  const [node = '', main = ''] = peer.argv(0);
  const programs: Program[] = [
    await service('api-gateway', { ...toBroker, INVENTORY_URL: nowhere, BILLING_URL: nowhere }),
    await service('inventory-app', databaseSettings(inventory)),
    await service('billing-app', { ...toBroker, ...databaseSettings(orders) }),
    { ...peer, argv: () => [node, tsx, main] },
  ];
  const starts = programs.map((): Start[] => []);
  // The first start fills the caches of both sides and does not count.
  for (let round = 0; round <= bench.rounds; round += 1) {
    for (const [index, each] of programs.entries()) {
      const start = await measureStart(bench, each);
      if (round > 0) starts[index]?.push(start);
    }
    bench.say(round === 0 ? 'warmed up' : `round ${round} of ${bench.rounds}`);
  }
  const peerStarts = starts.at(-1) ?? [];
  // Less is better here: the peer's figure to ours.
  return programs.slice(0, -1).flatMap(({ name }, index) => {
    const ours = starts[index] ?? [];
    const cpu = compare(
      `start-cpu-${name}`,
      { against, floor: 2.5, unit: 'CPU-s (theirs to ours)' },
      peerStarts.map(({ cpuS }) => cpuS),
      ours.map(({ cpuS }) => cpuS),
    );
    const memory = compare(
      `idle-memory-${name}`,
      { against, floor: 2, unit: 'MB (theirs to ours)' },
      peerStarts.map(({ idleMb }) => idleMb),
      ours.map(({ idleMb }) => idleMb),
    );
    return [cpu, memory];
  });
}

async function measureStart(bench: Bench, each: Program): Promise<Start> {
  const dir = await mkdtemp(join(bench.folder, 'start-'));
  const port = await freePort();
  const child = await launch(each, port, dir);
  try {
    await until(
      `${each.name} is ready`,
      READY_TIMEOUT_MS,
      async () => ((await isReady(each.readyPath, port)) ? done(undefined) : notYet('it does not answer')),
      { everyMs: 10, signal: bench.signal },
    );
    const cpuS = cpuSeconds(child.pid);
    await delay(IDLE_MS, undefined, { signal: bench.signal });
    return { cpuS, idleMb: memoryMb(child.pid) };
  } finally {
    await child.stop();
  }
}

export const start: Comparison = { id: 'start', title: 'CPU from exec to ready, and memory when idle', run };
