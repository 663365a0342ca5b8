import { createHash, randomBytes } from 'node:crypto';

/** One user of the broker. Permissions as in https://www.rabbitmq.com/docs/access-control: regular expressions. */
export interface RabbitmqUser {
  name: string;
  password: string;
  /** `administrator` may use the management page for everything; no tag: messages only. */
  tag?: 'administrator';
  permissions: { configure: string; write: string; read: string };
}

export interface RabbitmqPorts {
  amqp: number;
  /** The management page and API; not served when absent. */
  management?: number | undefined;
  /** Erlang's own port, over which rabbitmqctl speaks to the broker. */
  distribution: number;
  /** Erlang's port mapper. One of our own, for the machine's belongs to the machine's broker. */
  epmd: number;
}

/** Where the broker listens, as its configuration says it. */
interface Listeners {
  amqp: string;
  management?: { ip: string; port: number } | undefined;
}

/** rabbitmq.conf: https://www.rabbitmq.com/docs/configure */
export function rabbitmqConf({ amqp, management }: Listeners, definitionsFile: string): string {
  const settings: Record<string, string | number> = {
    'listeners.tcp.1': amqp,
    load_definitions: definitionsFile,
    // Seconds: a vanished client is noticed after two missed ones.
    heartbeat: 10,
    // Below this the broker blocks publishers. Small, for laptops are full.
    'disk_free_limit.absolute': '500MB',
    'vm_memory_high_watermark.relative': 0.4,
    // Milliseconds: a consumer that waits out a long absence of its database keeps its channel for an hour.
    consumer_timeout: 3_600_000,
    channel_max: 64,
    // Bytes: an order has at most 16 KiB.
    max_message_size: 65_536,
    'log.console': 'true',
    'log.console.level': 'info',
    'log.file': 'false',
  };
  if (management !== undefined) {
    settings['management.tcp.ip'] = management.ip;
    settings['management.tcp.port'] = management.port;
  }
  return lines(settings);
}

/** Users and virtual host, imported at every start: https://www.rabbitmq.com/docs/definitions */
export function rabbitmqDefinitions(users: readonly RabbitmqUser[]): string {
  return JSON.stringify({
    vhosts: [{ name: '/' }],
    users: users.map(({ name, password, tag }) => ({
      name,
      password_hash: passwordHash(password, randomBytes(4)),
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: tag ?? '',
    })),
    permissions: users.map(({ name, permissions }) => ({ user: name, vhost: '/', ...permissions })),
  });
}

/** https://www.rabbitmq.com/docs/passwords#computing-password-hash */
export function passwordHash(password: string, salt: Buffer): string {
  const hash = createHash('sha256').update(salt).update(password).digest();
  return Buffer.concat([salt, hash]).toString('base64');
}

const lines = (settings: Record<string, string | number>): string =>
  Object.entries(settings)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('');

/** Everything in one folder, and nothing of it heard outside this machine. */
export function rabbitmqEnvironment(dir: string, ports: RabbitmqPorts): NodeJS.ProcessEnv {
  const loopback = '-kernel inet_dist_use_interface {127,0,0,1}';
  return {
    // The cookie that lets rabbitmqctl in lies in the home folder.
    HOME: dir,
    LC_ALL: 'C.UTF-8',
    // The data belongs to the node's name: it never changes. Several brokers use one name, each with its own port mapper.
    RABBITMQ_NODENAME: 'orchestrator@localhost',
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: `${dir}/rabbitmq.conf`,
    RABBITMQ_ADVANCED_CONFIG_FILE: `${dir}/advanced.config`,
    RABBITMQ_ENABLED_PLUGINS_FILE: `${dir}/enabled_plugins`,
    RABBITMQ_MNESIA_BASE: dir,
    RABBITMQ_MNESIA_DIR: `${dir}/data`,
    RABBITMQ_GENERATED_CONFIG_DIR: `${dir}/config`,
    RABBITMQ_LOG_BASE: dir,
    RABBITMQ_LOGS: '-',
    RABBITMQ_PID_FILE: `${dir}/beam.pid`,
    RABBITMQ_DIST_PORT: String(ports.distribution),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: loopback,
    RABBITMQ_CTL_ERL_ARGS: loopback,
    // rabbitmq-server becomes the broker itself instead of a shell that waits for it: signals go where they are meant to.
    RABBITMQ_ALLOW_INPUT: '1',
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_CRASH_DUMP_SECONDS: '0',
  };
}
