import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { testOf } from './scope.ts';
import type { Scope } from './scope.ts';

/**
 * `pass`: bytes go through. `blackhole`: connections stay open and new ones are taken, but nothing goes through, and those
 * connections never come back to life, not even as a reset: whoever holds one must find out alone. `reset`: all connections
 * are reset, and new ones at once. `slow`: each chunk waits, and goes on in small pieces.
 */
type Mode = 'pass' | 'blackhole' | 'reset' | 'slow';

/** Slow enough to show, fast enough that a request of a few round trips stays within its deadlines. */
const SLOW_MS = 50;
const SLOW_PIECE_BYTES = 7;

export interface TcpProxy {
  port: number;
  set: (mode: Mode) => void;
  /** The connections of now stand still, while new ones pass. Returns what lets them go on, with all that was sent. */
  hold: () => () => void;
}

interface Pair {
  client: Socket;
  server: Socket;
  isDead: boolean;
}

/** Stands between a client and a server at 127.0.0.1, and behaves like the network on a bad day. */
export async function startTcpProxy(scope: Scope, targetPort: number): Promise<TcpProxy> {
  let mode: Mode = 'pass';
  const pairs = new Set<Pair>();
  const resetAll = (): void => {
    for (const { client, server } of pairs) for (const socket of [client, server]) reset(socket);
    pairs.clear();
  };

  const proxy = createServer({ noDelay: true }, (client) => {
    const server = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    const pair = { client, server, isDead: mode === 'blackhole' };
    pairs.add(pair);
    carry(client, server, pair, () => mode);
    carry(server, client, pair, () => mode);
    if (mode === 'reset') resetAll();
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');

  testOf(scope).after(() => {
    proxy.close();
    resetAll();
  });
  return {
    port: (proxy.address() as AddressInfo).port,
    set: (next) => {
      mode = next;
      if (next === 'reset') resetAll();
      if (next === 'blackhole') for (const pair of pairs) pair.isDead = true;
    },
    hold: () => {
      const held = [...pairs].flatMap(({ client, server }) => [client, server]);
      for (const socket of held) socket.pause();
      return () => held.forEach((socket) => socket.resume());
    },
  };
}

/** Carries bytes one way; the end of one side ends the other, unless nothing goes through any more. */
function carry(from: Socket, to: Socket, pair: Pair, modeNow: () => Mode): void {
  let written = Promise.resolve();
  from.on('data', (chunk: Buffer) => {
    if (pair.isDead) return;
    const isSlow = modeNow() === 'slow';
    written = written.then(() => (isSlow ? writeSlowly(to, chunk) : void to.write(chunk)));
  });
  from.on('error', () => undefined);
  from.on('close', () => void (pair.isDead || written.then(() => to.destroy())));
}

async function writeSlowly(to: Socket, chunk: Buffer): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  for (let at = 0; at < chunk.length; at += SLOW_PIECE_BYTES) to.write(chunk.subarray(at, at + SLOW_PIECE_BYTES));
}

/** Node 24 never ends a process in which a socket was reset while its own end was on the way. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
