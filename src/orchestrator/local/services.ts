import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startProcess } from './process.ts';
import type { ManagedProcess } from './process.ts';

export interface ServiceOptions {
  name: string;
  /** The program: a file that Node runs. */
  program: string;
  port: number;
  metricsPort: number;
  /** What this service needs beyond its ports. */
  settings: Readonly<Record<string, string>>;
  dir: string;
  logFile: string;
}

/** As in our images. */
export const nodeOptions = '--max-semi-space-size=8';

/** Without a drain a stopping service takes 5 s at the most for what it has in hand, and 3 s for its goodbye to the broker. */
const stopGraceMs = 15_000;

export async function startService(options: ServiceOptions): Promise<ManagedProcess> {
  await mkdir(options.dir, { recursive: true });
  return startProcess({
    argv: [process.execPath, options.program],
    cwd: options.dir,
    env: {
      HOST: '127.0.0.1',
      PORT: String(options.port),
      METRICS_PORT: String(options.metricsPort),
      // No load balancer has to learn that it is going.
      DRAIN_MS: '0',
      NODE_OPTIONS: nodeOptions,
      ...options.settings,
    },
    logFile: options.logFile,
    pidFile: join(options.dir, 'service.pid'),
    ports: { [options.name]: options.port, [`the metrics of ${options.name}`]: options.metricsPort },
    stopSignal: 'SIGTERM',
    forceSignal: 'SIGKILL',
    graceMs: stopGraceMs,
  });
}

/** What keeps a service from being ready, in its own words; undefined when it is. */
export async function serviceProblem(port: number): Promise<string | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    const body = await response.text();
    return response.status === 200 ? undefined : `answers ${response.status}: ${detailOf(body)}`;
  } catch (error) {
    return (error as Error).name === 'TimeoutError' ? 'does not answer' : 'does not listen yet';
  }
}

/** The sentence of a problem document (RFC 9457), or the beginning of whatever it is. */
function detailOf(body: string): string {
  try {
    const { detail } = JSON.parse(body) as { detail?: unknown };
    if (typeof detail === 'string') return detail;
  } catch {
    // Not JSON.
  }
  return body.slice(0, 100);
}
