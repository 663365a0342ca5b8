import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import { removePostgres } from '@orchestrator/orchestrator/local/postgres.binaries.ts';
import { startPostgres } from '@orchestrator/orchestrator/local/postgres.ts';
import { startRabbitmq } from '@orchestrator/orchestrator/local/rabbitmq.ts';
import type { RabbitmqServer } from '@orchestrator/orchestrator/local/rabbitmq.ts';
import { withChannel } from './broker.ts';
import { query } from './database.ts';
import { runProgram } from './program.ts';
import type { Program } from './program.ts';
import type { Scope } from './scope.ts';

/** A PostgreSQL server with one database; `config` is that of the database's owner. */
export type Database = Program & { config: DatabaseConfig };

export async function startDatabase(scope: Scope, name: string, database: string, owner: string): Promise<Database> {
  const dir = await mkdtemp(join(tmpdir(), `${name}-`));
  const [port, ownerPassword, logFile] = [await stablePort(), 'tester', join(dir, 'postgres.log')];
  const config = { host: '127.0.0.1', port, database, user: owner, password: ownerPassword };
  const program = await runProgram(scope, {
    name,
    launch: () => startPostgres({ dir, port, logFile, database: { name: database, owner, ownerPassword } }),
    check: () => query(config, 'SELECT 1'),
    // A fast shutdown, as the image of the cluster does it.
    stopSignal: 'SIGINT',
    logs: () => readFileSync(logFile, 'utf8'),
    cleanUp: () => removePostgres(dir),
  });
  return { ...program, config };
}

/** A RabbitMQ broker; `config` is that of its administrator, `control` runs rabbitmqctl. */
export type Broker = Program & { config: BrokerConfig; control: (...args: string[]) => Promise<string> };

export async function startBroker(scope: Scope): Promise<Broker> {
  const dir = await mkdtemp(join(tmpdir(), 'rabbitmq-'));
  const [port, distributionPort, epmdPort] = [await stablePort(), await stablePort(), await stablePort()];
  const config = { host: '127.0.0.1', port, user: 'guest', password: 'guest', vhost: '/' };
  let server: RabbitmqServer | undefined;
  const program = await runProgram(scope, {
    name: 'rabbitmq',
    launch: async () => {
      server = await startRabbitmq({ dir, port, distributionPort, epmdPort });
      const portMapper = JSON.parse(readFileSync(join(dir, 'epmd.pid'), 'utf8')) as { pid: number };
      return { ...server, abandon: () => process.kill(portMapper.pid) };
    },
    check: () => withChannel(config, async () => undefined),
    stopSignal: 'SIGTERM',
    logs: () => readFileSync(join(dir, 'rabbitmq.log'), 'utf8'),
    cleanUp: async () => {
      // The broker is gone by now, its port mapper is not.
      await server?.stop();
      await rm(dir, { recursive: true, force: true });
    },
  });
  return { ...program, config, control: async (...args) => (await server?.ctl('-q', ...args)) ?? '' };
}

/** Linux gives ports from 32768 on to outgoing connections; a program that is started again needs one that stays its own. */
const PORTS = { min: 26_000, max: 29_999 };

/**
 * Every port is given out once, and where the processes of two test files begin is far apart: seconds may pass before a port is
 * listened on, and until then nobody would see that it is taken.
 */
let next = process.pid * 101;

/** A port that nobody listens on right now, and that no outgoing connection can take. */
export async function stablePort(): Promise<number> {
  for (;;) {
    const port = PORTS.min + (next++ % (PORTS.max - PORTS.min));
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
      return port;
    } catch {
      // Taken by another: the next one.
    } finally {
      server.close();
    }
  }
}
