import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { testOf } from './scope.ts';
import type { Scope } from './scope.ts';

/**
 * `pass`: bytes go through. `blackhole`: connections stay open and new ones are taken, but nothing goes through any more.
 * `reset`: all connections are reset, and new ones at once. `slow`: each chunk waits SLOW_MS and goes on in small pieces.
 */
export type Mode = 'pass' | 'blackhole' | 'reset' | 'slow';

/** Slow enough to show, fast enough that a request of a few round trips stays within its deadlines. */
const SLOW_MS = 50;
const SLOW_PIECE_BYTES = 7;

export interface TcpProxy {
  port: number;
  set: (mode: Mode) => void;
}

/** Stands between a client and a server at 127.0.0.1, and behaves like the network on a bad day. */
export async function startTcpProxy(scope: Scope, targetPort: number): Promise<TcpProxy> {
  let mode: Mode = 'pass';
  const pairs = new Set<[Socket, Socket]>();

  const server = createServer((client) => {
    if (mode === 'reset') {
      client.on('error', () => undefined).resetAndDestroy();
      return;
    }
    const upstream = connect(targetPort, '127.0.0.1');
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    join(client, upstream, () => mode);
    join(upstream, client, () => mode);
    upstream.on('close', () => pairs.delete(pair));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  testOf(scope).after(() => {
    server.close();
    for (const socket of [...pairs].flat()) socket.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    set: (next) => {
      // Bytes were swallowed on these: going on with the next ones would garble the stream, which no network does.
      const broken = next === 'reset' || mode === 'blackhole';
      mode = next;
      if (broken) for (const socket of [...pairs].flat()) socket.resetAndDestroy();
    },
  };
}

/** Carries bytes one way; the end of one side ends the other, unless the network swallows that as well. */
function join(from: Socket, to: Socket, modeNow: () => Mode): void {
  let written: Promise<unknown> = Promise.resolve();
  from.on('data', (chunk: Buffer) => {
    if (modeNow() === 'blackhole') return;
    if (modeNow() === 'slow') written = written.then(() => writeSlowly(to, chunk));
    else written = written.then(() => to.write(chunk));
  });
  from.on('error', () => undefined);
  from.on('close', () => {
    if (modeNow() !== 'blackhole') void written.then(() => to.destroy());
  });
}

async function writeSlowly(to: Socket, chunk: Buffer): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  for (let at = 0; at < chunk.length; at += SLOW_PIECE_BYTES) to.write(chunk.subarray(at, at + SLOW_PIECE_BYTES));
}
