import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import { httpOrigin, integer, oneOf, port, readConfigOrExit, secret, text } from '@orchestrator/kit/env.ts';
import { LOG_LEVELS } from '@orchestrator/kit/log.ts';

/** Leaves the rest of the stop enough of its deadline. */
const DRAIN_MAX_MS = 20_000;

/** All that the environment decides. Prints every fault and ends the program when there is one. */
export function readConfig() {
  const env = readConfigOrExit({
    host: text('HOST', '0.0.0.0'),
    port: port('PORT', 3000),
    metricsPort: port('METRICS_PORT', 9464),
    logLevel: oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    drainMs: integer('DRAIN_MS', { min: 0, max: DRAIN_MAX_MS, fallback: 5000 }),
    inventoryUrl: httpOrigin('INVENTORY_URL', 'http://inventory-app:8080'),
    billingUrl: httpOrigin('BILLING_URL', 'http://billing-app:8080'),
    brokerHost: text('RABBITMQ_HOST'),
    brokerPort: port('RABBITMQ_PORT', 5672),
    brokerUser: text('RABBITMQ_USER'),
    brokerPassword: secret('RABBITMQ_PASSWORD'),
    brokerVhost: text('RABBITMQ_VHOST', '/'),
  });
  const broker: BrokerConfig = {
    host: env.brokerHost,
    port: env.brokerPort,
    user: env.brokerUser,
    password: env.brokerPassword,
    vhost: env.brokerVhost,
  };
  return { ...env, broker };
}
