import { setTimeout as delay } from 'node:timers/promises';
import { queryPostgres } from '@orchestrator/orchestrator/local/postgres.query.ts';
import type { Bench } from '../bench.ts';
import { compare, median } from '../comparison.ts';
import type { Comparison, Finding } from '../comparison.ts';
import { cpuSeconds, forgetPeak, peakMb } from '../measure.ts';
import { makeTables } from '../movies.ts';
import { brokerSettings, databaseSettings, program, service } from '../programs.ts';
import { makeQueues } from '../queue.ts';
import { publishOrders } from './orders.accept.ts';

const id = 'backlog';
const MESSAGES = 1_000_000;
/** The drain is looked at in so many parts. */
const PARTS = 10;
const LOOK_EVERY_MS = 100;
const PART_TIMEOUT_MS = 120_000;
const QUERY_TIMEOUT_MS = 30_000;

interface Part {
  perCpuS: number;
  perS: number;
  peakMb: number;
}

async function run(bench: Bench): Promise<Finding[]> {
  const [broker, database] = [await bench.vhost(), await bench.database()];
  await makeQueues(broker);
  await makeTables(database, 'billing-app');
  const publisher = await bench.start(program('limits/publisher.raw.ts', brokerSettings(broker)));
  bench.say(`publishing ${MESSAGES} orders`);
  await publishOrders(publisher, MESSAGES);
  await publisher.stop();
  const { pid } = await bench.start(
    await service('billing-app', { ...brokerSettings(broker), ...databaseSettings(database) }),
  );

  // An estimate would do, but the sequence is exact enough and costs nothing: no order is refused here.
  const stored = async (): Promise<number> => {
    const { rows } = await queryPostgres(
      database,
      'SELECT last_value::int AS count FROM orders_id_seq',
      QUERY_TIMEOUT_MS,
    );
    return (rows[0] as { count: number }).count;
  };
  const parts: Part[] = [];
  let before = await stored();
  for (let part = 1; part <= PARTS; part += 1) {
    forgetPeak(pid);
    const [cpuBefore, startMs, goal] = [cpuSeconds(pid), performance.now(), (MESSAGES * part) / PARTS];
    let now = before;
    while (now < goal) {
      if (performance.now() - startMs > PART_TIMEOUT_MS) throw new Error(`${now} orders are stored, and no more come`);
      await delay(LOOK_EVERY_MS, undefined, { signal: bench.signal });
      now = await stored();
    }
    const perS = (now - before) / ((performance.now() - startMs) / 1000);
    parts.push({ perCpuS: (now - before) / (cpuSeconds(pid) - cpuBefore), perS, peakMb: peakMb(pid) });
    bench.say(`${now} stored, ${Math.round(perS)} a second, at most ${Math.round(peakMb(pid))} MB`);
    before = now;
  }
  // The first part has the program's own warming up in it.
  const [, ...steady] = parts;
  const [early, late] = [steady.slice(0, 3), steady.slice(-3)];
  const rate = (some: Part[]): number[] => [median(some.map(({ perCpuS }) => perCpuS))];
  const peak = (some: Part[]): number[] => [Math.max(...some.map((each) => each.peakMb))];
  const against = 'the beginning of the backlog';
  return [
    compare(`${id}-rate`, { against, floor: 0.75, unit: 'orders/CPU-s' }, rate(late), rate(early)),
    compare(`${id}-memory`, { against, floor: 1 / 1.3, unit: 'MB at most (early to late)' }, peak(early), peak(late)),
  ];
}

export const backlog: Comparison = { id, title: 'a backlog of a million orders, drained', run };
