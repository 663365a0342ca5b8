import { integer, oneOf, port, readConfigOrExit, secret, text } from '@orchestrator/kit/env.ts';
import { LOG_LEVELS } from '@orchestrator/kit/log.ts';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';

/** Leaves the rest of the stop enough of its deadline. */
const DRAIN_MAX_MS = 20_000;

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
    databaseName: text('DATABASE_NAME', 'inventory'),
    databaseUser: text('DATABASE_USER'),
    databasePassword: secret('DATABASE_PASSWORD'),
  });
  const database: DatabaseConfig = {
    host: env.databaseHost,
    port: env.databasePort,
    database: env.databaseName,
    user: env.databaseUser,
    password: env.databasePassword,
  };
  return { ...env, database };
}
