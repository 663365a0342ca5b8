import { showPath } from '@orchestrator/orchestrator/model/path.ts';
import type { Breach, Parsed } from './manifest.ts';
import { podSecurityRules } from './rules.pod-security.ts';
import type { ProgramFacts } from './program.facts.ts';
import { fileRules } from './rules.files.ts';
import { hardeningRules } from './rules.hardening.ts';
import { healthRules } from './rules.health.ts';
import { networkRules } from './rules.network.ts';
import { programRules } from './rules.programs.ts';
import { referenceRules } from './rules.references.ts';
import { scalingRules } from './rules.scaling.ts';
import { secretRules } from './rules.secrets.ts';
import { volumeRules } from './rules.volumes.ts';
import { wiringRules } from './rules.wiring.ts';
import { schemaBreaches } from './schema.ts';
import type { Rule } from './system.ts';

/** The rule that comes before all others. */
export const SCHEMA = 'Kubernetes 1.36 takes it';

export interface Finding {
  rule: string;
  /** `api-gateway.yaml:41:9 spec.behaviour: unknown field, did you mean "behavior"?` */
  text: string;
}

const rules: readonly Rule[] = [
  ...podSecurityRules,
  ...fileRules,
  ...wiringRules,
  ...referenceRules,
  ...secretRules,
  ...scalingRules,
  ...healthRules,
  ...hardeningRules,
  ...volumeRules,
  ...networkRules,
  ...programRules,
];

export const ruleNames: readonly string[] = [SCHEMA, ...rules.map(({ name }) => name)];

/**
 * All that is wrong with the files of Manifests/. The rules look at objects that Kubernetes would take; while there are
 * others, those are all that is found.
 */
export function checkManifests(files: readonly Parsed[], facts: ProgramFacts): Finding[] {
  const manifests = files.flatMap((file) => file.manifests);
  const unusable = [...files.flatMap((file) => file.breaches), ...manifests.flatMap(schemaBreaches)];
  if (unusable.length > 0) return unusable.map((each) => toFinding(SCHEMA, each));
  return rules.flatMap(({ name, check }) => [...check({ manifests, facts })].map((each) => toFinding(name, each)));
}

function toFinding(rule: string, { at, path, message }: Breach): Finding {
  const { line, column } = at.position(path);
  const where = path.length > 0 ? ` ${showPath(path)}:` : '';
  return { rule, text: `${at.file}:${line}:${column}${where} ${message}` };
}
