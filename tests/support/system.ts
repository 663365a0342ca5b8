import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import { brokerEnv, readyCount } from './broker.ts';
import { databaseEnv, query } from './database.ts';
import { eventually } from './eventually.ts';
import type { Row } from '@orchestrator/orchestrator/orders/ledger.ts';
import { runProgram } from './program.ts';
import type { Life, Program } from './program.ts';
import type { Scope } from './scope.ts';
import { startBroker, startDatabase, stablePort } from './servers.ts';
import type { Broker, Database } from './servers.ts';

export type ServiceName = 'api-gateway' | 'inventory-app' | 'billing-app';
export type ServiceProgram = Program & { url: string; metricsUrl: string };
type Env = Record<string, string>;

/** What is kept of a service's log, in characters. */
const LOG_LIMIT_CHARS = 8_000_000;

const CHECK_TIMEOUT_MS = 5000;

/** The parts of the system as they stand, each a program that is started again when it dies. */
export interface System {
  gateways: [ServiceProgram, ...ServiceProgram[]];
  inventory: ServiceProgram;
  billing: ServiceProgram;
  rabbitmq: Broker;
  inventoryDatabase: Database;
  billingDatabase: Database;
}

interface SystemOptions {
  gateways?: number;
  /** More environment for the services, made once the servers stand: to lead one of them through a proxy. */
  env?: (
    servers: Pick<System, 'rabbitmq' | 'inventoryDatabase' | 'billingDatabase'>,
  ) => Promise<Partial<Record<ServiceName, Env>>>;
}

/** Starts the whole system, with servers of its own, for the length of a test or a file. */
export async function startSystem(scope: Scope, { gateways = 1, env }: SystemOptions = {}): Promise<System> {
  const [rabbitmq, inventoryDatabase, billingDatabase] = await Promise.all([
    startBroker(scope),
    startDatabase(scope, 'inventory-database', 'inventory', 'inventory_user'),
    startDatabase(scope, 'billing-database', 'orders', 'billing_user'),
  ]);
  const more = await env?.({ rabbitmq, inventoryDatabase, billingDatabase });
  const [inventory, billing] = await Promise.all([
    runService(scope, 'inventory-app', { ...databaseEnv(inventoryDatabase.config), ...more?.['inventory-app'] }),
    runService(scope, 'billing-app', {
      ...databaseEnv(billingDatabase.config),
      ...brokerEnv(rabbitmq.config),
      ...more?.['billing-app'],
    }),
  ]);
  const [first, ...others] = await Promise.all(
    Array.from({ length: gateways }, () =>
      runService(scope, 'api-gateway', {
        INVENTORY_URL: inventory.url,
        BILLING_URL: billing.url,
        ...brokerEnv(rabbitmq.config),
        ...more?.['api-gateway'],
      }),
    ),
  );
  assert.ok(first);
  return { gateways: [first, ...others], inventory, billing, rabbitmq, inventoryDatabase, billingDatabase };
}

/** Runs a service on ports that it keeps when it is started again, and waits until it is ready. */
export async function runService(scope: Scope, name: ServiceName, given: Env): Promise<ServiceProgram> {
  const [port, metricsPort] = [await stablePort(), await stablePort()];
  const url = `http://127.0.0.1:${port}`;
  const main = fileURLToPath(new URL(`../../src/${name}/main.ts`, import.meta.url));
  const env = { HOST: '127.0.0.1', PORT: String(port), METRICS_PORT: String(metricsPort), DRAIN_MS: '0', ...given };
  let log = '';
  const launch = async (): Promise<Life> => {
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        log = (log.length > LOG_LIMIT_CHARS ? log.slice(-LOG_LIMIT_CHARS / 2) : log) + text;
      });
    }
    const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
    return { pid: child.pid ?? 0, exited, kill: (signal) => void child.kill(signal) };
  };
  const check = async (): Promise<void> => {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(CHECK_TIMEOUT_MS) });
    assert.equal(answer.status, 200, await answer.text());
  };
  const program = await runProgram(scope, { name, launch, check, stopSignal: 'SIGTERM', logs: () => log });
  return { ...program, url, metricsUrl: `http://127.0.0.1:${metricsPort}/metrics` };
}

/** All orders in the table, as text. */
export async function readRows(database: DatabaseConfig): Promise<Row[]> {
  return query<Row & Record<string, string>>(
    database,
    'SELECT tracking_id::text, user_id, number_of_items::text, total_amount::text FROM orders ORDER BY id',
  );
}

/** Waits until the queue is empty and all that was delivered from it is stored; billing-app is stopped then. */
export async function drain(billing: Program, broker: BrokerConfig, deadlineMs: number): Promise<void> {
  await eventually(async () => {
    assert.equal(await readyCount(broker), 0);
    // Only a consumer that is gone shows what it had taken and not acknowledged: that is in the queue again.
    await billing.stop();
    const left = await readyCount(broker);
    if (left > 0) await billing.start();
    assert.equal(left, 0);
  }, deadlineMs);
}
