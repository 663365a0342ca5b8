import { httpOrigin, readConfigOrExit } from '@orchestrator/kit/env.ts';
import { brokerVariables, serviceVariables, toBrokerConfig } from '@orchestrator/kit/variables.ts';

/** All that the environment decides. Prints every fault and ends the program when there is one. */
export function readConfig() {
  const env = readConfigOrExit({
    ...serviceVariables(3000),
    inventoryUrl: httpOrigin('INVENTORY_URL', 'http://inventory-app:8080'),
    billingUrl: httpOrigin('BILLING_URL', 'http://billing-app:8080'),
    ...brokerVariables(),
  });
  return { ...env, broker: toBrokerConfig(env) };
}
