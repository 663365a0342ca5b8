import assert from 'node:assert/strict';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import { queryPostgres } from '@orchestrator/orchestrator/local/postgres.query.ts';
import { done, notYet, until } from '@orchestrator/orchestrator/wait.ts';
import type { Bench, Running } from '../bench.ts';
import { compare, takeTurns } from '../comparison.ts';
import type { Comparison, Finding, Side } from '../comparison.ts';
import { cpuSeconds } from '../measure.ts';
import { makeTables } from '../movies.ts';
import { brokerSettings, brokerUrl, databaseSettings, databaseUrl, program, service } from '../programs.ts';
import { makeQueues } from '../queue.ts';
import { publishOrders } from './orders.accept.ts';

const id = 'order-store';

/** About a second of work for each. */
const BACKLOG = { ours: 80_000, peer: 15_000, loop: 200_000 };
const STORED_TIMEOUT_MS = 120_000;
const QUERY_TIMEOUT_MS = 10_000;

interface Consumer {
  running: Running;
  publisher: Running;
  database: DatabaseConfig;
}

/** What one round of a consumer tells. */
interface Figures {
  perCpuS: number;
  perS: number;
}

async function run(bench: Bench): Promise<Finding[]> {
  const ours = await startConsumer(bench, (broker, database) =>
    service('billing-app', { ...brokerSettings(broker), ...databaseSettings(database) }),
  );
  const peer = await startConsumer(bench, async (broker, database) =>
    program('peers/billing.insert.ts', { RABBITMQ_URL: brokerUrl(broker), DATABASE_URL: databaseUrl(database) }),
  );
  const loopDatabase = await bench.database();
  await makeTables(loopDatabase, 'billing-app');
  const loop = await bench.start({
    ...program('limits/insert.loop.ts', { DATABASE_URL: databaseUrl(loopDatabase) }),
    readyPath: '/insert?rows=1',
  });
  assert.deepEqual(await storedOrder(ours), await storedOrder(peer), 'both store the same');

  const rates = new Map<string, number[]>([
    ['ours', []],
    ['loop', []],
  ]);
  const side = (name: string, work: () => Promise<Figures>): Side => ({
    name,
    round: async () => {
      const { perCpuS, perS } = await work();
      rates.get(name)?.push(perS);
      return perCpuS;
    },
  });
  const figures = await takeTurns(bench, [
    side('ours', () => drain(ours, BACKLOG.ours)),
    side('peer', () => drain(peer, BACKLOG.peer)),
    side('loop', () => insertInLoop(loop, loopDatabase)),
  ]);
  const [oursPerCpuS = [], peerPerCpuS = [], loopPerCpuS = []] = figures.values();
  // Those of the warm-up are first.
  const [oursPerS = [], loopPerS = []] = [...rates.values()].map((each) => each.slice(bench.warmUps));
  const unit = 'orders/CPU-s';
  return [
    compare(id, { against: 'one INSERT per message, prefetch 250', floor: 10, unit }, oursPerCpuS, peerPerCpuS),
    compare(id, { against: 'raw multi-row INSERT loop', floor: 0.6, unit: 'orders/s' }, oursPerS, loopPerS),
    compare(
      id,
      { against: 'raw multi-row INSERT loop, CPU of its process', floor: 0.2, unit },
      oursPerCpuS,
      loopPerCpuS,
    ),
  ];
}

type ProgramFor = Parameters<Bench['start']>[0];

async function startConsumer(
  bench: Bench,
  consumer: (broker: Awaited<ReturnType<Bench['vhost']>>, database: DatabaseConfig) => Promise<ProgramFor>,
): Promise<Consumer> {
  const [broker, database] = [await bench.vhost(), await bench.database()];
  await makeQueues(broker);
  await makeTables(database, 'billing-app');
  const publisher = await bench.start(program('limits/publisher.raw.ts', brokerSettings(broker)));
  return { running: await bench.start(await consumer(broker, database)), publisher, database };
}

/** The consumer is held while its backlog is made, so that all of it is there when it goes on. */
async function drain({ running, publisher, database }: Consumer, orders: number): Promise<Figures> {
  await queryPostgres(database, 'TRUNCATE orders', QUERY_TIMEOUT_MS);
  process.kill(running.pid, 'SIGSTOP');
  await publishOrders(publisher, orders);
  process.kill(running.pid, 'SIGCONT');
  return timed(running, database, orders, () => untilStored(database, orders));
}

async function insertInLoop(loop: Running, database: DatabaseConfig): Promise<Figures> {
  await queryPostgres(database, 'TRUNCATE orders', QUERY_TIMEOUT_MS);
  return timed(loop, database, BACKLOG.loop, async () => {
    await (await fetch(`http://127.0.0.1:${loop.port}/insert?rows=${BACKLOG.loop}`)).text();
  });
}

async function timed(
  side: Running,
  database: DatabaseConfig,
  orders: number,
  work: () => Promise<void>,
): Promise<Figures> {
  const [cpuBefore, startMs] = [cpuSeconds(side.pid), performance.now()];
  await work();
  const [cpuS, seconds] = [cpuSeconds(side.pid) - cpuBefore, (performance.now() - startMs) / 1000];
  assert.equal(await countOrders(database), orders, `${side.name} has stored each order once`);
  return { perCpuS: orders / cpuS, perS: orders / seconds };
}

async function untilStored(database: DatabaseConfig, orders: number): Promise<void> {
  await until(
    `${orders} orders are stored`,
    STORED_TIMEOUT_MS,
    async () => {
      const count = await countOrders(database);
      return count >= orders ? done(undefined) : notYet(`${count} are`);
    },
    { everyMs: 20 },
  );
}

async function countOrders(database: DatabaseConfig): Promise<number> {
  const { rows } = await queryPostgres(database, 'SELECT count(*)::int AS count FROM orders', QUERY_TIMEOUT_MS);
  return (rows[0] as { count: number }).count;
}

async function storedOrder({ publisher, database }: Consumer): Promise<unknown> {
  await publishOrders(publisher, 1);
  await untilStored(database, 1);
  const sql = 'SELECT user_id, number_of_items, total_amount, tracking_id IS NOT NULL AS known FROM orders';
  return (await queryPostgres(database, sql, QUERY_TIMEOUT_MS)).rows;
}

export const orderStore: Comparison = {
  id,
  title: 'orders from the queue into the database',
  short: true,
  run,
};
