import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below Linux's range for outgoing connections (32768 and up), so that none of them takes the port before it is used. */
const freeRange = { from: 31_000, to: 31_999 };

/** A port of 127.0.0.1 that is free now. */
export async function freePort(): Promise<number> {
  const { from, to } = freeRange;
  const start = randomInt(from, to + 1);
  for (let port = start; port <= to; port++) if (await isFree(port)) return port;
  for (let port = from; port < start; port++) if (await isFree(port)) return port;
  throw new Error(`no free port between ${from} and ${to}`);
}

export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
