import { readConfigOrExit } from '@orchestrator/kit/env.ts';
import {
  brokerVariables,
  databaseVariables,
  serviceVariables,
  toBrokerConfig,
  toDatabaseConfig,
} from '@orchestrator/kit/variables.ts';

/** All that the environment decides. Prints every fault and ends the program when there is one. */
export function readConfig() {
  const env = readConfigOrExit({ ...serviceVariables(8080), ...databaseVariables('orders'), ...brokerVariables() });
  return { ...env, database: toDatabaseConfig(env), broker: toBrokerConfig(env) };
}
