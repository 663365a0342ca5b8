import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { Failure } from '../failure.ts';
import type { ComponentName, PortPlan } from './ports.plan.ts';

/** The arrows of the picture between the parts of the system: who connects to whom. */
export const links = [
  { from: 'api-gateway', to: 'inventory-app' },
  { from: 'api-gateway', to: 'billing-app' },
  { from: 'api-gateway', to: 'rabbitmq' },
  { from: 'inventory-app', to: 'inventory-database' },
  { from: 'billing-app', to: 'billing-database' },
  { from: 'billing-app', to: 'rabbitmq' },
] as const satisfies { from: ComponentName; to: ComponentName }[];

export interface Link {
  from: ComponentName;
  to: ComponentName;
}

/** One relay for each arrow, so that a single one can be cut; services use them from their next start on. */
export interface Relays {
  open: () => Promise<void>;
  /** From now on services are told of no relay. Returns what ends those that they still use. */
  retire: () => () => void;
  /** Where `from` reaches `to` right now: the relay's port, or the component's own while there are none. */
  portTo: (from: ComponentName, to: ComponentName) => number;
  /**
   * Nothing goes through for so long, and nobody is told, as when a network is cut; then what waited goes on.
   * @throws Failure not-running without relays
   */
  cut: (link: Link, ms: number) => void;
}

export function createRelays(ports: PortPlan): Relays {
  const open = new Map<string, Relay>();
  const key = ({ from, to }: Link): string => `${from} ${to}`;
  return {
    open: async () => {
      for (const link of links) if (!open.has(key(link))) open.set(key(link), await startRelay(ports[link.to]));
    },
    retire: () => {
      const retired = [...open.values()];
      open.clear();
      return () => retired.forEach((relay) => relay.close());
    },
    portTo: (from, to) => open.get(key({ from, to }))?.port ?? ports[to],
    cut: (link, ms) => {
      const relay = open.get(key(link));
      if (relay === undefined) throw new Failure('not-running', `There is no relay from ${link.from} to ${link.to}.`);
      relay.cut(ms);
    },
  };
}

interface Relay {
  port: number;
  cut(ms: number): void;
  close(): void;
}

async function startRelay(target: number): Promise<Relay> {
  const pairs = new Set<() => void>();
  let healed: Promise<void> | undefined;
  const connectOn = (client: Socket): void => {
    if (client.destroyed) return;
    const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const look = join(client, upstream, () => healed);
    pairs.add(look);
    upstream.once('close', () => pairs.delete(look));
  };
  const server: Server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    client.on('error', () => undefined);
    // A connection that begins during a cut is taken, as one in a backlog, and waits for its other half.
    if (healed === undefined) connectOn(client);
    else void healed.then(() => connectOn(client));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return {
    port: (server.address() as AddressInfo).port,
    cut: (ms) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      healed = promise;
      for (const look of pairs) look();
      setTimeout(() => {
        if (healed === promise) healed = undefined;
        resolve();
        for (const look of pairs) look();
      }, ms);
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/**
 * Carries bytes both ways, and the ends of both. While the line is cut nothing is read, so that each side sees what a silent
 * network shows it. Returns what looks whether the line is cut now.
 */
function join(client: Socket, upstream: Socket, cutUntil: () => Promise<void> | undefined): () => void {
  const carry = (from: Socket, to: Socket): (() => void) => {
    const flow = (): void => {
      if (cutUntil() !== undefined || to.writableNeedDrain) from.pause();
      else from.resume();
    };
    from.on('data', (chunk) => {
      to.write(chunk);
      flow();
    });
    to.on('drain', flow);
    from.on('end', () => to.end());
    from.on('error', () => undefined);
    from.on('close', () => void Promise.resolve(cutUntil()).then(() => to.destroy()));
    return flow;
  };
  const flows = [carry(client, upstream), carry(upstream, client)];
  const look = (): void => flows.forEach((flow) => flow());
  look();
  return look;
}
