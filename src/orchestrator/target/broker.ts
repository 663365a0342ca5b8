import { connect } from 'amqplib';
import type { Channel } from 'amqplib';
import { Failure } from '../failure.ts';

/** Where a broker is reached from this machine, with its administrator. */
export interface BrokerAddress {
  host: string;
  amqpPort: number;
  managementPort: number;
  user: string;
  password: string;
}

/** RabbitMQ, as its administrator sees it. Each call finds the broker anew, for it may have been restarted. */
export interface Broker {
  /**
   * A request to the management API (https://www.rabbitmq.com/docs/http-api-reference).
   * @param path below /api, beginning with a slash; the virtual host is %2F
   * @returns the answer's JSON; undefined where it has none, or when there is no such thing (404)
   * @throws Failure unreachable when the broker does not answer, or refuses
   */
  manage<T>(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T | undefined>;
  /** Works on a channel of its own; what it took and did not acknowledge is back in its queue afterwards. */
  withChannel<T>(work: (channel: Channel) => Promise<T>): Promise<T>;
}

const requestTimeoutMs = 10_000;

/**
 * @param address finds the broker; called again after a failure, with `true`, for a way to it that may be broken
 */
export function openBroker(address: (again: boolean) => Promise<BrokerAddress>): Broker {
  /** Twice: the way through a cluster breaks with the broker's pod, and is seen to be broken only when it is used. */
  const reach = async <T>(ask: (broker: BrokerAddress) => Promise<T>): Promise<T> => {
    try {
      return await ask(await address(false));
    } catch (error) {
      if (error instanceof Failure || !isConnectionError(error)) throw error;
      return ask(await address(true)).catch((cause: unknown) => {
        if (!isConnectionError(cause)) throw cause;
        throw new Failure('unreachable', `The broker does not answer: ${(cause as Error).message}.`, { cause });
      });
    }
  };
  return {
    manage: <T>(method: string, path: string, body?: unknown) =>
      reach((broker) => request(broker, method, path, body)) as Promise<T | undefined>,
    withChannel: (work) => withChannel(reach, work),
  };
}

async function request(broker: BrokerAddress, method: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`http://${broker.host}:${broker.managementPort}/api${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${broker.user}:${broker.password}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    signal: AbortSignal.timeout(requestTimeoutMs),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.status === 404) return undefined;
  if (!response.ok) {
    throw new Failure(
      'unreachable',
      `The broker answers ${response.status} to ${method} ${path}: ${text.slice(0, 300)}`,
    );
  }
  return text === '' ? undefined : JSON.parse(text);
}

async function withChannel<T>(
  reach: <R>(ask: (broker: BrokerAddress) => Promise<R>) => Promise<R>,
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  const connection = await reach(({ host, amqpPort, user, password }) =>
    connect({ hostname: host, port: amqpPort, username: user, password }, { timeout: requestTimeoutMs }),
  );
  // The error reaches the caller through the call that it broke.
  connection.on('error', () => undefined);
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    return await work(channel);
  } finally {
    await connection.close().catch(() => undefined);
  }
}

/** What fetch and amqplib say of a connection that broke without a code of the operating system. */
const broken = ['fetch failed', 'connect ETIMEDOUT', 'Socket closed abruptly during opening handshake'];

/** Nobody listens, or the connection broke on the way; an answer is none, whatever it says. */
function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'TimeoutError' || broken.includes(error.message)) return true;
  return 'code' in error && /^E[A-Z]+$/.test(String(error.code));
}
