import type { BrokerConfig } from './amqp.ts';
import { integer, oneOf, port, secret, text } from './env.ts';
import { LOG_LEVELS } from './log.ts';
import type { DatabaseConfig } from './postgres.ts';

/** Leaves the rest of the stop enough of its deadline. */
const DRAIN_MAX_MS = 15_000;

/** What every service is told. */
export function serviceVariables(defaultPort: number) {
  return {
    host: text('HOST', '0.0.0.0'),
    port: port('PORT', defaultPort),
    metricsPort: port('METRICS_PORT', 9464),
    logLevel: oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    drainMs: integer('DRAIN_MS', { min: 0, max: DRAIN_MAX_MS, fallback: 5000 }),
  };
}

/** How a service reaches its PostgreSQL database. */
export function databaseVariables(defaultName: string) {
  return {
    databaseHost: text('DATABASE_HOST'),
    databasePort: port('DATABASE_PORT', 5432),
    databaseName: text('DATABASE_NAME', defaultName),
    databaseUser: text('DATABASE_USER'),
    databasePassword: secret('DATABASE_PASSWORD'),
  };
}

/** How a service reaches RabbitMQ. */
export function brokerVariables() {
  return {
    brokerHost: text('RABBITMQ_HOST'),
    brokerPort: port('RABBITMQ_PORT', 5672),
    brokerUser: text('RABBITMQ_USER'),
    brokerPassword: secret('RABBITMQ_PASSWORD'),
    brokerVhost: text('RABBITMQ_VHOST', '/'),
  };
}

interface DatabaseValues {
  databaseHost: string;
  databasePort: number;
  databaseName: string;
  databaseUser: string;
  databasePassword: string;
}

export function toDatabaseConfig(env: DatabaseValues): DatabaseConfig {
  return {
    host: env.databaseHost,
    port: env.databasePort,
    database: env.databaseName,
    user: env.databaseUser,
    password: env.databasePassword,
  };
}

interface BrokerValues {
  brokerHost: string;
  brokerPort: number;
  brokerUser: string;
  brokerPassword: string;
  brokerVhost: string;
}

export function toBrokerConfig(env: BrokerValues): BrokerConfig {
  return {
    host: env.brokerHost,
    port: env.brokerPort,
    user: env.brokerUser,
    password: env.brokerPassword,
    vhost: env.brokerVhost,
  };
}
