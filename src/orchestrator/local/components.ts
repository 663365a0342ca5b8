import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEAD_LETTER_QUEUE, ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import type { Secrets } from './data-folder.ts';
import type { ComponentName, PortPlan } from './ports.plan.ts';
import { queryPostgres } from './postgres.query.ts';
import type { Connection } from './postgres.query.ts';
import { startPostgres } from './postgres.ts';
import type { ManagedProcess } from './process.ts';
import type { RabbitmqUser } from './rabbitmq.config.ts';
import { serviceProblem, startService } from './services.ts';

/** One part of the system, as the supervisor sees it. */
export interface Component {
  name: ComponentName;
  port: number;
  logFile: string;
  /** Starts it, and gives up when the signal fires. */
  start(signal: AbortSignal): Promise<ManagedProcess>;
  /** What keeps it from doing its work; undefined when it does. */
  problem(): Promise<string | undefined>;
}

export interface SystemOptions {
  dir: string;
  ports: PortPlan;
  secrets: Secrets;
  /** Folder with a folder per service, each with a main.ts. */
  services: string;
  /** What every service is told beyond its own settings. */
  serviceEnvironment: Readonly<Record<string, string>>;
  /** Tells the user something that is worth knowing. */
  say: (line: string) => void;
  startBroker: (options: BrokerOptions) => Promise<ManagedProcess>;
  /** The port on which a service reaches another part, asked at each of its starts. */
  portTo: (from: ComponentName, to: ComponentName) => number;
}

export interface BrokerOptions {
  dir: string;
  ports: PortPlan;
  users: readonly RabbitmqUser[];
  logFile: string;
  signal: AbortSignal;
}

/** The folder of the services in this repository. */
export const servicesFolder = fileURLToPath(new URL('../..', import.meta.url));

export const pageUser = 'orchestrator';
const brokerUser = 'services';

/** What starts together; each group waits for the one before it to be ready. They stop the other way round. */
export function startGroups(options: SystemOptions): Component[][] {
  return [
    [database(options, 'inventory-database'), database(options, 'billing-database'), broker(options)],
    [service(options, 'inventory-app'), service(options, 'billing-app'), service(options, 'api-gateway')],
  ];
}

/** The gateway first, so that nobody's request finds half a system; then the rest against the way of the data. */
export const stopOrder: ComponentName[][] = [
  ['api-gateway'],
  ['inventory-app', 'billing-app'],
  ['rabbitmq'],
  ['inventory-database', 'billing-database'],
];

type DatabaseName = 'inventory-database' | 'billing-database';

/** How the database's owner, which is its service's role as well, connects. */
export function ownerConnection(
  { ports, secrets }: Pick<SystemOptions, 'ports' | 'secrets'>,
  name: DatabaseName,
): Connection {
  const address = { host: '127.0.0.1', port: ports[name] };
  return name === 'inventory-database'
    ? { ...address, database: 'inventory', user: 'inventory_user', password: secrets.inventoryPassword }
    : { ...address, database: 'orders', user: 'billing_user', password: secrets.billingPassword };
}

const logFileOf = (dir: string, name: ComponentName): string => join(dir, 'logs', `${name}.log`);

function database(options: SystemOptions, name: DatabaseName): Component {
  const { dir, ports, secrets, say } = options;
  const home = join(dir, name);
  const owner = ownerConnection(options, name);
  const logFile = logFileOf(dir, name);
  return {
    name,
    port: ports[name],
    logFile,
    start: async (signal) => {
      const server = await startPostgres({
        dir: home,
        port: ports[name],
        superuserPassword: secrets.superuserPassword,
        database: { name: owner.database, owner: owner.user, ownerPassword: owner.password },
        logFile,
        signal,
      });
      if (!server.dataDir.startsWith(home)) {
        say(`${name}: data in ${server.dataDir}, for PostgreSQL refuses to be root, and its user cannot enter ${home}`);
      }
      return server;
    },
    problem: () =>
      queryPostgres(owner, 'SELECT 1', 2_000).then(
        () => undefined,
        (error: Error) => error.message,
      ),
  };
}

function broker({ dir, ports, secrets, startBroker }: SystemOptions): Component {
  const queues = [ORDER_QUEUE, DEAD_LETTER_QUEUE].map((queue) => queue.replaceAll('.', String.raw`\.`)).join('|');
  const users: RabbitmqUser[] = [
    {
      name: pageUser,
      password: secrets.pagePassword,
      tag: 'administrator',
      permissions: { configure: '.*', write: '.*', read: '.*' },
    },
    {
      name: brokerUser,
      password: secrets.brokerPassword,
      // Publishing to a queue goes through the default exchange.
      permissions: { configure: `^(${queues})$`, write: String.raw`^(${queues}|amq\.default)$`, read: `^(${queues})$` },
    },
  ];
  const logFile = logFileOf(dir, 'rabbitmq');
  return {
    name: 'rabbitmq',
    port: ports.rabbitmq,
    logFile,
    start: (signal) => startBroker({ dir: join(dir, 'rabbitmq'), ports, users, logFile, signal }),
    problem: () => connectProblem(ports.rabbitmq),
  };
}

type ServiceName = 'inventory-app' | 'billing-app' | 'api-gateway';

function service(options: SystemOptions, name: ServiceName): Component {
  const { dir, ports, services } = options;
  const logFile = logFileOf(dir, name);
  const program = join(services, name, 'main.ts');
  const metricsPort =
    ports[
      (
        {
          'api-gateway': 'gatewayMetrics',
          'inventory-app': 'inventoryMetrics',
          'billing-app': 'billingMetrics',
        } as const
      )[name]
    ];
  const port = ports[name];
  return {
    name,
    port,
    logFile,
    start: () =>
      startService({
        name,
        program,
        port,
        metricsPort,
        logFile,
        dir: join(dir, name),
        settings: { ...options.serviceEnvironment, ...settingsOf(options, name) },
      }),
    problem: () => serviceProblem(port),
  };
}

function settingsOf(options: SystemOptions, name: ServiceName): Record<string, string> {
  const portOf = (to: ComponentName): number => options.portTo(name, to);
  const rabbitmq = {
    RABBITMQ_HOST: '127.0.0.1',
    RABBITMQ_PORT: String(portOf('rabbitmq')),
    RABBITMQ_USER: brokerUser,
    RABBITMQ_PASSWORD: options.secrets.brokerPassword,
  };
  const upstreams = {
    INVENTORY_URL: `http://127.0.0.1:${portOf('inventory-app')}`,
    BILLING_URL: `http://127.0.0.1:${portOf('billing-app')}`,
  };
  if (name === 'api-gateway') return { ...rabbitmq, ...upstreams };
  const databaseName = name === 'inventory-app' ? 'inventory-database' : 'billing-database';
  const owner = ownerConnection(options, databaseName);
  const postgres = {
    DATABASE_HOST: owner.host,
    DATABASE_PORT: String(portOf(databaseName)),
    DATABASE_NAME: owner.database,
    DATABASE_USER: owner.user,
    DATABASE_PASSWORD: owner.password,
  };
  return name === 'inventory-app' ? postgres : { ...postgres, ...rabbitmq };
}

/** A connection that says nothing leaves no trace in the broker's log. */
function connectProblem(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 });
    const finish = (problem: string | undefined): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.once('connect', () => finish(undefined));
    socket.once('timeout', () => finish('does not answer'));
    socket.once('error', (error) => finish(error.message));
  });
}
