import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import { brokerEnv, createVhost, readDeadLetters, readyCount } from './broker.ts';
import { createDatabase, databaseEnv, query } from './database.ts';
import { eventually } from './eventually.ts';
import { toMoney } from './order-oracle.ts';
import type { Scope } from './scope.ts';
import { startService } from './service.ts';
import type { Service } from './service.ts';

/** The three services as real processes on a virtual host and databases of their own. */
export interface Stack {
  gateway: Service;
  inventory: Service;
  billing: Service;
  broker: BrokerConfig;
  inventoryDatabase: DatabaseConfig;
  ordersDatabase: DatabaseConfig;
  /** The gateway's port. */
  port: number;
}

/** Starts the system for the length of a test, or of a file, and waits until all of it is ready. */
export async function startStack(scope: Scope): Promise<Stack> {
  const [broker, inventoryDatabase, ordersDatabase] = await Promise.all([
    createVhost(scope),
    createDatabase(scope),
    createDatabase(scope),
  ]);
  const [inventory, billing] = await Promise.all([
    startService(scope, 'inventory-app', databaseEnv(inventoryDatabase)),
    startService(scope, 'billing-app', { ...databaseEnv(ordersDatabase), ...brokerEnv(broker) }),
  ]);
  const gateway = await startService(scope, 'api-gateway', {
    INVENTORY_URL: inventory.url,
    BILLING_URL: billing.url,
    ...brokerEnv(broker),
  });
  const port = Number(new URL(gateway.url).port);
  return { gateway, inventory, billing, broker, inventoryDatabase, ordersDatabase, port };
}

/**
 * Waits until the table `orders` has exactly these rows, by tracking id, each value as it was sent, and makes sure that nothing
 * is left in the queues.
 */
export async function assertOrders(stack: Stack, expected: ReadonlyMap<string, Record<string, string>>): Promise<void> {
  await eventually(async () => {
    const [row] = await query<{ count: number }>(stack.ordersDatabase, 'SELECT count(*)::int AS count FROM orders');
    assert.ok(row && row.count >= expected.size, `${row?.count} of ${expected.size} orders are stored`);
    assert.equal(await readyCount(stack.broker), 0);
  });
  const rows = await query<Record<string, string>>(
    stack.ordersDatabase,
    'SELECT tracking_id::text, user_id, number_of_items::text, total_amount::text FROM orders',
  );
  const stored = new Map(rows.map(({ tracking_id: id = '', ...values }) => [id, JSON.stringify(values)]));
  const wrong: string[] = [...stored.keys()]
    .filter((id) => !expected.has(id))
    .map((id) => `nobody was told that ${id} is accepted: ${stored.get(id)}`);
  for (const [id, { user_id, number_of_items, total_amount = '' }] of expected) {
    const sent = JSON.stringify({ user_id, number_of_items, total_amount: toMoney(total_amount) });
    if (stored.get(id) !== sent) wrong.push(`${id} is ${stored.get(id)} instead of ${sent}`);
  }
  assert.deepEqual(wrong, []);
  assert.equal(rows.length, expected.size);
  assert.deepEqual(await readDeadLetters(stack.broker), []);
}

/** What a service may grow by over all requests of a test: the heap is left to grow for a while before it is collected. */
const GROWTH_LIMIT_BYTES = 300 * 2 ** 20;

/** Returns what makes sure that the three processes are still the same ones, and not much larger than now. */
export function watchProcesses({ gateway, inventory, billing }: Stack): () => void {
  const services = [gateway, inventory, billing].map((service) => ({ service, bytes: residentBytes(service.pid) }));
  return () => {
    for (const { service, bytes } of services) {
      assert.deepEqual(
        [service.process.exitCode, service.process.signalCode],
        [null, null],
        service.logs().slice(-2000),
      );
      const grownBytes = residentBytes(service.pid) - bytes;
      assert.ok(grownBytes < GROWTH_LIMIT_BYTES, `${service.url} grew by ${grownBytes} bytes`);
    }
  };
}

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
