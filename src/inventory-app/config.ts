import { readConfigOrExit } from '@orchestrator/kit/env.ts';
import { databaseVariables, serviceVariables, toDatabaseConfig } from '@orchestrator/kit/variables.ts';

/** All that the environment decides. Prints every fault and ends the program when there is one. */
export function readConfig() {
  const env = readConfigOrExit({ ...serviceVariables(8080), ...databaseVariables('inventory') });
  return { ...env, database: toDatabaseConfig(env) };
}
