import type { Check } from '../check.ts';
import { handChecks } from './hand.checks.ts';
import { keptChecks } from './kept.checks.ts';
import { liveChecks } from './live.checks.ts';
import { networkChecks } from './network.checks.ts';
import { nodeChecks } from './nodes.checks.ts';
import { secretChecks } from './secrets.checks.ts';
import { securityChecks } from './security.checks.ts';
import { workloadChecks } from './workloads.checks.ts';

/** The promises that only a cluster can keep. */
export const clusterChecks: readonly Check[] = [
  ...nodeChecks,
  ...workloadChecks,
  ...liveChecks,
  ...secretChecks,
  ...networkChecks,
  ...securityChecks,
  ...handChecks,
  ...keptChecks,
];
