import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setInterval as every } from 'node:timers/promises';
import type { Scope } from './scope.ts';
import { testOf } from './scope.ts';

/** Kubernetes takes a terminating pod out within a second or so; a stopping service waits longer than this (DRAIN_MS). */
const LOOK_EVERY_MS = 100;
const LOOK_TIMEOUT_MS = 1000;

/**
 * One address before several instances of a service, as a Kubernetes Service is: each new connection goes to the next
 * instance that was ready when last asked. Returns the address.
 */
export async function startBalancer(scope: Scope, urls: string[]): Promise<string> {
  let ready = urls;
  let next = 0;
  const server = createServer((client) => {
    const { hostname, port } = new URL(ready[next++ % ready.length] ?? 'http://127.0.0.1:1');
    const instance = connect(Number(port), hostname);
    client.pipe(instance).pipe(client);
    // What happens to one side happens to the other: the balancer adds nothing of its own.
    instance.on('error', () => client.destroy());
    client.on('error', () => instance.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const stopped = new AbortController();
  async function look(): Promise<void> {
    for await (const _ of every(LOOK_EVERY_MS, undefined, { signal: stopped.signal })) {
      const states = await Promise.all(urls.map(isReady));
      ready = urls.filter((_url, index) => states[index]);
    }
  }
  look().catch(() => undefined);
  testOf(scope).after(() => {
    stopped.abort();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
