import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'amqplib';
import type { ChannelModel, Options } from 'amqplib';
import type { Logger } from './log.ts';
import { retry } from './retry.ts';

export interface BrokerConfig {
  host: string;
  port: number;
  user: string;
  password: string;
  vhost: string;
}

/** A silent broker is given up after about three of these; publishers have their own, shorter deadline for a confirm. */
const HEARTBEAT_S = 5;

/** For the TCP connection and the AMQP handshake together, and for `setup`. */
const CONNECT_TIMEOUT_MS = 3000;
const SETUP_TIMEOUT_MS = 10_000;

/** A broker that does not even answer a goodbye must not hold up the stop. */
const CLOSE_TIMEOUT_MS = 3000;

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 2000;

export interface Connection {
  /** Ends the connection for good, after everything written to it has been sent. */
  close: () => Promise<void>;
}

interface ConnectionOptions {
  config: BrokerConfig;
  /** Shown by the broker's management page. */
  name: string;
  log: Logger;
  /**
   * Opens channels and declares what they need on a fresh connection. `lost` ends this connection and starts over: for a
   * channel that closed or a consumer that was cancelled.
   */
  setup: (connection: ChannelModel, lost: (cause: Error) => void) => Promise<void>;
  /** The connection that `setup` was given is gone. */
  onLost: () => void;
}

/** Keeps one connection to the broker, for ever: connects, sets up, and starts over with back-off when it ends. */
export function keepConnected(options: ConnectionOptions): Connection {
  const { config, log } = options;
  const closing = new AbortController();
  let current: Session | undefined;

  async function connectionAfterConnection(): Promise<void> {
    while (!closing.signal.aborted) {
      current = await retry(() => openSession(options), {
        firstDelayMs: FIRST_DELAY_MS,
        maxDelayMs: MAX_DELAY_MS,
        signal: closing.signal,
        onFailure: (error, nextDelayMs) => log.warn({ err: error, nextDelayMs }, 'no connection to the broker'),
      });
      log.info({ broker: `${config.host}:${config.port}` }, 'connected to the broker');
      const cause = await current.ended;
      current = undefined;
      if (!closing.signal.aborted) log.warn({ err: cause }, 'the connection to the broker was lost');
      // A broker that accepts and then drops each connection must not be hammered.
      await delay(FIRST_DELAY_MS);
    }
  }

  connectionAfterConnection().catch((error: unknown) => {
    if (!closing.signal.aborted) throw error;
  });

  return {
    close: async () => {
      closing.abort();
      if (current) await withDeadline(closeQuietly(current.connection), CLOSE_TIMEOUT_MS);
    },
  };
}

interface Session {
  connection: ChannelModel;
  /** Resolves, with the cause where there is one, when the connection has ended. */
  ended: Promise<Error | undefined>;
}

async function openSession({ config, name, setup, onLost }: ConnectionOptions): Promise<Session> {
  const connection = await connect(
    { ...address(config), heartbeat: HEARTBEAT_S },
    { timeout: CONNECT_TIMEOUT_MS, noDelay: true, keepAlive: true, clientProperties: { connection_name: name } },
  );
  const { promise: ended, resolve } = Promise.withResolvers<Error | undefined>();
  connection.on('error', resolve);
  connection.on('close', () => resolve(undefined));
  void ended.then(() => {
    onLost();
    return closeQuietly(connection);
  });
  try {
    await withDeadline(setup(connection, resolve), SETUP_TIMEOUT_MS);
  } catch (error) {
    resolve(undefined);
    throw error;
  }
  return { connection, ended };
}

function address({ host, port, user, password, vhost }: BrokerConfig): Options.Connect {
  return { hostname: host, port, username: user, password, vhost };
}

async function withDeadline(work: Promise<void>, timeoutMs: number): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('the broker did not answer in time')), timeoutMs);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** A connection that is already gone says so when it is closed; nothing is left to do about it. */
async function closeQuietly(connection: ChannelModel): Promise<void> {
  try {
    await connection.close();
  } catch {}
}
