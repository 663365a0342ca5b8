import { randomBytes } from 'node:crypto';
import { DEAD_LETTER_QUEUE, ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import { connect } from 'amqplib';
import type { ConfirmChannel, GetMessage, Options } from 'amqplib';
import { testOf, watchFailures } from './scope.ts';
import type { Scope } from './scope.ts';

/**
 * Creates a fresh virtual host in the broker of TEST_RABBITMQ_URL (amqp, with a user that may administer it), through
 * the management API of TEST_RABBITMQ_MANAGEMENT_URL. Deleted at the end of the test (or file), kept when it failed.
 */
export async function createVhost(scope: Scope): Promise<BrokerConfig> {
  const t = testOf(scope);
  const server = serverUrl('TEST_RABBITMQ_URL');
  const vhost = `test_${randomBytes(6).toString('hex')}`;
  const user = decodeURIComponent(server.username);
  await manage('PUT', `/vhosts/${vhost}`);
  await manage('PUT', `/permissions/${vhost}/${encodeURIComponent(user)}`, {
    configure: '.*',
    write: '.*',
    read: '.*',
  });

  const failed = watchFailures(t);
  t.after(async () => {
    if (!failed()) await manage('DELETE', `/vhosts/${vhost}`);
    else t.diagnostic(`kept for a look: virtual host ${vhost}`);
  });
  return {
    host: server.hostname,
    port: Number(server.port || 5672),
    user,
    password: decodeURIComponent(server.password),
    vhost,
  };
}

/** What a service is told about its broker, as environment variables. */
export function brokerEnv({ host, port, user, password, vhost }: BrokerConfig): Record<string, string> {
  return {
    RABBITMQ_HOST: host,
    RABBITMQ_PORT: String(port),
    RABBITMQ_USER: user,
    RABBITMQ_PASSWORD: password,
    RABBITMQ_VHOST: vhost,
  };
}

/** Runs some work on a confirm channel of its own. */
export async function withChannel<T>(
  { host, port, user, password, vhost }: BrokerConfig,
  work: (channel: ConfirmChannel) => Promise<T>,
): Promise<T> {
  const connection = await connect({ hostname: host, port, username: user, password, vhost });
  // The error reaches the caller through the call that it broke.
  connection.on('error', () => undefined);
  try {
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    return await work(channel);
  } finally {
    await connection.close().catch(() => undefined);
  }
}

export interface RawMessage {
  body: string | Uint8Array;
  properties?: Options.Publish;
}

/** Publishes messages as they are, without any property of ours, and waits until the broker has them all safe. */
export async function publish(
  broker: BrokerConfig,
  messages: RawMessage[],
  queue: string = ORDER_QUEUE,
): Promise<void> {
  await withChannel(broker, async (channel) => {
    // A queue that is missing must fail here: the broker confirms what it could not route.
    await channel.checkQueue(queue);
    for (const { body, properties } of messages) channel.sendToQueue(queue, Buffer.from(body), properties);
    await channel.waitForConfirms();
  });
}

/** Publishes one message as a person does on the broker's management page, with any property and header JSON can say. */
export async function publishByHand(
  { vhost }: BrokerConfig,
  payload: string,
  properties: Record<string, unknown> = {},
  queue: string = ORDER_QUEUE,
): Promise<void> {
  const path = `/exchanges/${encodeURIComponent(vhost)}/amq.default/publish`;
  await manage('POST', path, { routing_key: queue, payload, payload_encoding: 'string', properties });
}

/** How many messages are ready for a consumer, exactly and at once; those delivered and not acknowledged do not count. */
export async function readyCount(broker: BrokerConfig, queue: string = ORDER_QUEUE): Promise<number> {
  return withChannel(broker, async (channel) => (await channel.checkQueue(queue)).messageCount);
}

/** How many messages the broker has delivered and not seen acknowledged; some seconds old. */
export async function unacknowledgedCount({ vhost }: BrokerConfig): Promise<number> {
  const response = await request('GET', `/queues/${encodeURIComponent(vhost)}/${ORDER_QUEUE}`);
  return ((await response.json()) as { messages_unacknowledged: number }).messages_unacknowledged;
}

/** All messages of a queue, oldest first, with properties and headers; they stay in the queue. */
export async function readMessages(broker: BrokerConfig, queue: string): Promise<GetMessage[]> {
  return withChannel(broker, async (channel) => {
    const messages: GetMessage[] = [];
    for (;;) {
      // Never acknowledged: they return to the queue when the connection closes.
      const message = await channel.get(queue);
      if (!message) return messages;
      messages.push(message);
    }
  });
}

export async function readDeadLetters(broker: BrokerConfig): Promise<GetMessage[]> {
  return readMessages(broker, DEAD_LETTER_QUEUE);
}

export async function deleteQueue(broker: BrokerConfig, queue: string): Promise<void> {
  await withChannel(broker, (channel) => channel.deleteQueue(queue));
}

/** Declares a queue, by default as a plain quorum queue. */
export async function declareQueue(
  broker: BrokerConfig,
  queue: string,
  args: Readonly<Record<string, unknown>> = { 'x-queue-type': 'quorum' },
): Promise<void> {
  await withChannel(broker, (channel) => channel.assertQueue(queue, { durable: true, arguments: args }));
}

/**
 * Lays a policy over a queue, for example `{ 'max-length': 5, overflow: 'reject-publish' }`; where a queue argument sets
 * the same limit, the lower of the two holds. It takes effect a moment later. Returns the function that takes it away.
 */
export async function setPolicy(
  { vhost }: BrokerConfig,
  queue: string,
  definition: Record<string, unknown>,
): Promise<() => Promise<void>> {
  const path = `/policies/${encodeURIComponent(vhost)}/${queue}`;
  const pattern = `^${queue.replaceAll('.', '\\.')}$`;
  await manage('PUT', path, { pattern, definition, 'apply-to': 'queues' });
  return () => manage('DELETE', path);
}

/** How many connections into the virtual host the broker knows; its own list is some seconds old. */
export async function connectionCount(broker: BrokerConfig): Promise<number> {
  return (await connectionNames(broker)).length;
}

async function connectionNames({ vhost }: BrokerConfig): Promise<string[]> {
  const response = await request('GET', `/vhosts/${encodeURIComponent(vhost)}/connections`);
  const connections = (await response.json()) as Array<{ name: string }>;
  return connections.map(({ name }) => name);
}

/** Ends every connection into the virtual host from the broker's side, as an administrator can. */
export async function closeConnections(broker: BrokerConfig): Promise<void> {
  for (const name of await connectionNames(broker)) await manage('DELETE', `/connections/${encodeURIComponent(name)}`);
}

async function manage(method: string, path: string, body?: unknown): Promise<void> {
  const response = await request(method, path, body);
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
}

async function request(method: string, path: string, body?: unknown): Promise<Response> {
  const { origin, username, password } = serverUrl('TEST_RABBITMQ_MANAGEMENT_URL');
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return fetch(`${origin}/api${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

function serverUrl(name: string): URL {
  const url = process.env[name];
  if (url && URL.canParse(url)) return new URL(url);
  throw new Error(`${name} is not set: run the tests with "npm test", which starts RabbitMQ and sets it`);
}
