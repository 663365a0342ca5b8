import { ownerConnection, pageUser } from '../local/components.ts';
import { connectControl } from '../local/control.ts';
import { openSecrets } from '../local/data-folder.ts';
import { portPlan } from '../local/ports.plan.ts';
import { queryPostgres } from '../local/postgres.query.ts';
import { openBroker } from './broker.ts';
import { jsonStatement } from './target.ts';
import type { Database, LocalSystem } from './target.ts';

/** One question to a database that is busy with other things. */
const queryTimeoutMs = 60_000;

/** The system that runs on this folder. @throws Failure not-running */
export async function openLocalSystem(dir: string): Promise<LocalSystem> {
  const control = await connectControl(dir);
  const { components } = await control.status();
  const gatewayPort = components.find(({ name }) => name === 'api-gateway')!.port;
  const ports = portPlan(gatewayPort);
  const secrets = await openSecrets(dir);
  const connection = (database: Database) => ownerConnection({ ports, secrets }, `${database}-database`);
  return {
    kind: 'local',
    name: `local, on this machine (${dir})`,
    dir,
    control,
    gateways: [`http://127.0.0.1:${gatewayPort}`],
    query: async <Row>(database: Database, sql: string) => {
      const { rows } = await queryPostgres(connection(database), jsonStatement(sql), queryTimeoutMs);
      return (rows[0] as { json: Row[] }).json;
    },
    execute: async (database, sql) => void (await queryPostgres(connection(database), sql, queryTimeoutMs)),
    broker: openBroker(async () => ({
      host: '127.0.0.1',
      amqpPort: ports.rabbitmq,
      managementPort: ports.rabbitmqPage,
      user: pageUser,
      password: secrets.pagePassword,
    })),
    stop: (name) => control.stop(name),
    start: (name) => control.start(name),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
