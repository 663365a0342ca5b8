import { fileURLToPath } from 'node:url';
import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import { freePort } from '@orchestrator/orchestrator/local/ports.ts';
import { nodeOptions } from '@orchestrator/orchestrator/local/services.ts';
import type { Program } from './bench.ts';

/** A service of ours, started as its image starts it. */
export async function service(name: string, settings: Record<string, string>): Promise<Program> {
  const metricsPort = await freePort();
  const main = fileURLToPath(new URL(`../src/${name}/main.ts`, import.meta.url));
  return {
    name,
    argv: () => [process.execPath, main],
    env: (port) => ({
      HOST: '127.0.0.1',
      PORT: String(port),
      METRICS_PORT: String(metricsPort),
      DRAIN_MS: '0',
      NODE_OPTIONS: nodeOptions,
      ...settings,
    }),
    readyPath: '/health/ready',
  };
}

/** A program of `peers/` or `limits/`. */
export function program(path: string, settings: Record<string, string> = {}): Program {
  const main = fileURLToPath(new URL(path, import.meta.url));
  return {
    name: path.replace(/^.*\//, '').replace(/\.ts$/, ''),
    argv: () => [process.execPath, main],
    env: (port) => ({ PORT: String(port), ...settings }),
    readyPath: '/health',
  };
}

export function databaseSettings({ host, port, database, user, password }: DatabaseConfig): Record<string, string> {
  return {
    DATABASE_HOST: host,
    DATABASE_PORT: String(port),
    DATABASE_NAME: database,
    DATABASE_USER: user,
    DATABASE_PASSWORD: password,
  };
}

export function databaseUrl({ host, port, database, user, password }: DatabaseConfig): string {
  return `postgres://${user}:${password}@${host}:${port}/${database}`;
}

export function brokerSettings({ host, port, user, password, vhost }: BrokerConfig): Record<string, string> {
  return {
    RABBITMQ_HOST: host,
    RABBITMQ_PORT: String(port),
    RABBITMQ_USER: user,
    RABBITMQ_PASSWORD: password,
    RABBITMQ_VHOST: vhost,
  };
}

export function brokerUrl({ host, port, user, password, vhost }: BrokerConfig): string {
  return `amqp://${user}:${password}@${host}:${port}/${encodeURIComponent(vhost)}`;
}
