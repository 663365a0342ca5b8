import { podSecurityChecks } from '@orchestrator/orchestrator/model/pod-security.ts';
import { breach, podTemplates } from './system.ts';
import type { Rule } from './system.ts';

/** One rule for each check of the standard. */
export const podSecurityRules: readonly Rule[] = Object.entries(podSecurityChecks).map(([name, check]) => ({
  name: `Pod Security: ${name}`,
  check: (system) =>
    podTemplates(system).flatMap(({ at }) =>
      check(at.object.spec.template).map(([path, message]) => breach(at, ['spec', 'template', ...path], message)),
    ),
}));
