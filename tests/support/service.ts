import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';
import { testOf } from './scope.ts';
import type { Scope } from './scope.ts';

type ServiceName = 'api-gateway' | 'inventory-app' | 'billing-app';

export interface Service {
  url: string;
  metricsUrl: string;
  pid: number;
  process: ChildProcess;
  /** Sends the signal (SIGTERM) and waits for the end; returns the exit code, null when a signal ended the process. */
  stop: (signal?: NodeJS.Signals) => Promise<number | null>;
  /** All it has written to stdout and stderr so far. */
  logs: () => string;
}

/**
 * Starts a service as the process it is in production, on free ports of 127.0.0.1, and waits until it answers 200 on the
 * given path. It is killed at the end of the test (or file). Throws with its logs when it ends before or does not get there.
 */
export async function startService(
  scope: Scope,
  name: ServiceName,
  env: Record<string, string>,
  until: '/health/live' | '/health/ready' = '/health/ready',
): Promise<Service> {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const { child, logs } = run(name, {
    HOST: '127.0.0.1',
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    DRAIN_MS: '0',
    ...env,
  });
  const exited = once(child, 'exit');
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  testOf(scope).after(() => stop('SIGKILL'));

  const url = `http://127.0.0.1:${env['PORT'] ?? port}`;
  const metricsUrl = `http://127.0.0.1:${env['METRICS_PORT'] ?? metricsPort}/metrics`;
  const answered = eventually(async () => {
    const answer = await fetch(url + until);
    assert.equal(answer.status, 200, await answer.text());
  });
  try {
    await Promise.race([answered, exited.then(() => assert.fail(`it ended with ${child.exitCode}`))]);
  } catch (cause) {
    throw new Error(`${name} did not answer 200 on ${until}; its logs:\n${logs()}`, { cause });
  }
  return { url, metricsUrl, pid: child.pid ?? 0, process: child, stop, logs };
}

/** More than any start may take; then the process is killed. */
const END_TIMEOUT_MS = 30_000;

/** Runs a service that is expected to end by itself, and returns how it did: code -1 when it had to be killed. */
export async function runToEnd(
  name: ServiceName,
  env: Record<string, string>,
): Promise<{ code: number; logs: string }> {
  const { child, logs } = run(name, env, END_TIMEOUT_MS);
  await once(child, 'close');
  return { code: child.exitCode ?? -1, logs: logs() };
}

function run(
  name: ServiceName,
  env: Record<string, string>,
  timeoutMs = 0,
): { child: ChildProcess; logs: () => string } {
  const main = fileURLToPath(new URL(`../../src/${name}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [main], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  let logs = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      logs += text;
    });
  }
  return { child, logs: () => logs };
}

/** A port that nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
