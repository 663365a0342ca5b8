import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { DEAD_LETTER_QUEUE, ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import { healthRoutes } from '@orchestrator/kit/http.health.ts';
import { readConfig } from '../support/config.ts';
import { root } from '../support/readme.ts';

/** What the programs say of themselves: read from them, so that a manifest cannot say otherwise. */
export interface ProgramFacts {
  version: string;
  services: Readonly<Record<string, ServiceFacts>>;
  /** Where every service answers probes. */
  healthPaths: readonly string[];
  /** How long a readiness check may take. */
  checkTimeoutMs: number;
  /** How long a stop may take. */
  stopDeadlineMs: number;
  /** Connections that one process may have to its database, its migrations included. */
  connections: number;
  queues: readonly string[];
}

interface ServiceFacts {
  port: number;
  metricsPort: number;
  /** Every variable that it asks for, and those of them that have no default. */
  variables: readonly string[];
  required: readonly string[];
}

export async function readProgramFacts(services: readonly string[]): Promise<ProgramFacts> {
  const read = await Promise.all(services.map(async (name) => [name, await serviceFacts(name)] as const));
  const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string };
  return {
    version,
    services: Object.fromEntries(read),
    healthPaths: healthPaths(),
    checkTimeoutMs: constant('src/kit/http.health.ts', 'CHECK_TIMEOUT_MS'),
    stopDeadlineMs: constant('src/kit/lifecycle.ts', 'STOP_DEADLINE_MS'),
    connections: constant('src/kit/postgres.ts', 'POOL_MAX') + constant('src/kit/postgres.pipeline.ts', 'LANES') + 1,
    queues: [ORDER_QUEUE, DEAD_LETTER_QUEUE],
  };
}

async function serviceFacts(service: string): Promise<ServiceFacts> {
  const { faults } = await readConfig(service, {});
  const required = faults.map((fault) => fault.replace(/ is not set.*/, ''));
  const { names, config } = await readConfig(service, Object.fromEntries(required.map((name) => [name, 'x'])));
  const { port, metricsPort } = config as { port: number; metricsPort: number };
  // Given the password itself, it does not look for the file.
  const files = faults.flatMap((fault) => [...fault.matchAll(/\w+_FILE/g)].map(([name]) => name));
  return { port, metricsPort, variables: [...new Set([...names, ...files])], required };
}

/** Those that `healthRoutes` sets up. */
function healthPaths(): string[] {
  const paths: string[] = [];
  const app = { get: (path: string) => paths.push(path) } as unknown as Parameters<typeof healthRoutes>[0];
  healthRoutes(app, { check: async () => undefined, stopping: new AbortController().signal });
  return paths;
}

/** A number that a module keeps to itself. */
function constant(path: string, name: string): number {
  const [, digits] = new RegExp(`^const ${name} = ([\\d_]+);`, 'm').exec(readFileSync(root + path, 'utf8')) ?? [];
  assert.ok(digits, `${path} has no ${name} any more`);
  return Number(digits.replaceAll('_', ''));
}
