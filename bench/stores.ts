import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import { readEnvironment } from '@orchestrator/orchestrator/config.ts';
import { provideRabbitmq } from '@orchestrator/orchestrator/local/broker.ts';
import { removePostgres } from '@orchestrator/orchestrator/local/postgres.binaries.ts';
import { createDatabase } from '@orchestrator/orchestrator/local/postgres.query.ts';
import { startPostgres } from '@orchestrator/orchestrator/local/postgres.ts';
import type { PostgresServer } from '@orchestrator/orchestrator/local/postgres.ts';
import { startRabbitmq } from '@orchestrator/orchestrator/local/rabbitmq.ts';
import type { RabbitmqServer } from '@orchestrator/orchestrator/local/rabbitmq.ts';

/** One PostgreSQL and one RabbitMQ for all sides, started when they are first asked for. */
export interface Stores {
  postgres: () => Promise<PostgresServer>;
  /** An empty database of its own, by its owner. */
  database: () => Promise<DatabaseConfig>;
  /** An empty virtual host of its own. */
  vhost: () => Promise<BrokerConfig>;
}

interface StoresOptions {
  folder: string;
  signal: AbortSignal;
  say: (line: string) => void;
}

export function openStores({ folder, signal, say }: StoresOptions): { stores: Stores; close: () => Promise<void> } {
  const stops: Array<() => Promise<void>> = [];
  let server: Promise<PostgresServer> | undefined;
  let broker: Promise<RabbitmqServer> | undefined;

  async function startServer(): Promise<PostgresServer> {
    say('starting PostgreSQL');
    const dir = join(folder, 'postgres');
    stops.push(() => removePostgres(dir));
    const started = await startPostgres({ dir, signal });
    stops.push(() => started.stop());
    return started;
  }

  async function startBroker(): Promise<RabbitmqServer> {
    say('starting RabbitMQ');
    const { installation, obstacle } = await provideRabbitmq({
      environment: readEnvironment(),
      interactive: process.stdin.isTTY,
      say,
      aside: (ask) => ask(),
    });
    if (!installation) throw new Error(`RabbitMQ 3.10 or newer is needed: ${obstacle ?? 'the one installed is older'}`);
    const started = await startRabbitmq({ dir: join(folder, 'rabbitmq'), installation, signal });
    stops.push(() => started.stop());
    return started;
  }

  const postgres = async (): Promise<PostgresServer> => (server ??= startServer());
  const fresh = (): string => `bench_${randomBytes(4).toString('hex')}`;
  const stores: Stores = {
    postgres,
    database: async () => {
      const { superuser, port } = await postgres();
      const name = fresh();
      await createDatabase(superuser, { name, owner: name, ownerPassword: name });
      return { host: '127.0.0.1', port, database: name, user: name, password: name };
    },
    vhost: async () => {
      const rabbitmq = await (broker ??= startBroker());
      const vhost = fresh();
      await rabbitmq.ctl('add_vhost', vhost);
      await rabbitmq.ctl('set_permissions', '-p', vhost, 'guest', '.*', '.*', '.*');
      return { host: '127.0.0.1', port: rabbitmq.port, user: 'guest', password: 'guest', vhost };
    },
  };
  return {
    stores,
    close: async () => {
      for (const stop of stops.toReversed()) await stop();
    },
  };
}
