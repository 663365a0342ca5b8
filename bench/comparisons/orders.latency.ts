import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Bench } from '../bench.ts';
import { compare, median } from '../comparison.ts';
import type { Comparison, Finding } from '../comparison.ts';
import { answerOf } from '../http.ts';
import { brokerSettings, databaseSettings, service } from '../programs.ts';

const id = 'order-latency';
const LIMIT_MS = 50;
const ORDERS = 30;
const PAUSE_MS = 100;
const STORED_TIMEOUT_MS = 5000;

async function run(bench: Bench): Promise<Finding[]> {
  const [broker, database] = [brokerSettings(await bench.vhost()), await bench.database()];
  const billing = await bench.start(await service('billing-app', { ...broker, ...databaseSettings(database) }));
  const nowhere = 'http://127.0.0.1:1';
  const gateway = await bench.start(
    await service('api-gateway', {
      ...broker,
      INVENTORY_URL: nowhere,
      BILLING_URL: `http://127.0.0.1:${billing.port}`,
    }),
  );
  const client = new pg.Client(database);
  await client.connect();
  const latenciesMs: number[] = [];
  try {
    for (let order = 0; order < ORDERS; order += 1) {
      await delay(PAUSE_MS);
      const { tracking_id: trackingId } = (await answerOf(gateway, '/api/billing', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ user_id: '20', number_of_items: '99', total_amount: '250' }),
      })) as { tracking_id: string };
      latenciesMs.push(await msUntilStored(client, trackingId));
    }
  } finally {
    await client.end();
  }
  bench.say(`the slowest took ${Math.round(Math.max(...latenciesMs))} ms`);
  const goal = { against: `${LIMIT_MS} ms from the confirm to the row`, floor: 1, unit: 'ms (limit to median)' };
  return [compare(id, goal, [LIMIT_MS], [median(latenciesMs)])];
}

/** From the confirm, which the answer tells of, until the row can be read. */
async function msUntilStored(client: pg.Client, trackingId: string): Promise<number> {
  const startMs = performance.now();
  for (;;) {
    const { rowCount } = await client.query('SELECT FROM orders WHERE tracking_id = $1', [trackingId]);
    const tookMs = performance.now() - startMs;
    if (rowCount === 1) return tookMs;
    if (tookMs > STORED_TIMEOUT_MS) throw new Error(`order ${trackingId} is not stored`);
  }
}

export const orderLatency: Comparison = {
  id,
  title: 'a single order in an idle system, from its confirm to its row',
  run,
};
