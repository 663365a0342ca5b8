import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import { integer, oneOf, port, readConfigOrExit, secret, text } from '@orchestrator/kit/env.ts';
import { LOG_LEVELS } from '@orchestrator/kit/log.ts';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';

/** Leaves the rest of the stop enough of its deadline. */
const DRAIN_MAX_MS = 15_000;

/** All that the environment decides. Prints every fault and ends the program when there is one. */
export function readConfig() {
  const env = readConfigOrExit({
    host: text('HOST', '0.0.0.0'),
    port: port('PORT', 8080),
    metricsPort: port('METRICS_PORT', 9464),
    logLevel: oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    drainMs: integer('DRAIN_MS', { min: 0, max: DRAIN_MAX_MS, fallback: 5000 }),
    databaseHost: text('DATABASE_HOST'),
    databasePort: port('DATABASE_PORT', 5432),
    databaseName: text('DATABASE_NAME', 'orders'),
    databaseUser: text('DATABASE_USER'),
    databasePassword: secret('DATABASE_PASSWORD'),
    rabbitmqHost: text('RABBITMQ_HOST'),
    rabbitmqPort: port('RABBITMQ_PORT', 5672),
    rabbitmqUser: text('RABBITMQ_USER'),
    rabbitmqPassword: secret('RABBITMQ_PASSWORD'),
    rabbitmqVhost: text('RABBITMQ_VHOST', '/'),
  });
  const database: DatabaseConfig = {
    host: env.databaseHost,
    port: env.databasePort,
    database: env.databaseName,
    user: env.databaseUser,
    password: env.databasePassword,
  };
  const broker: BrokerConfig = {
    host: env.rabbitmqHost,
    port: env.rabbitmqPort,
    user: env.rabbitmqUser,
    password: env.rabbitmqPassword,
    vhost: env.rabbitmqVhost,
  };
  return { ...env, database, broker };
}
