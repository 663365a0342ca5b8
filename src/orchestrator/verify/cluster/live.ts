import { fail, notApplicable, pass } from '../check.ts';
import type { Check, Outcome, Walk } from '../check.ts';
import { check } from '../promise.ts';
import type { ClusterSystem } from '../../target/target.ts';
import type { Objects } from './objects.ts';

/** Something that is not as promised, and what to do about it. */
export interface Fault {
  what: string;
  cure: string;
}

/** Applies the manifests again; what stands in them is so then, whoever changed it. */
export const deployAgain = './orchestrator.sh deploy';

/** Passes with this evidence when there are no faults; else fails with all of them, and each cure once. */
export function judge(faults: readonly Fault[], evidence: string): Outcome {
  if (faults.length === 0) return pass(evidence);
  const cures = [...new Set(faults.map(({ cure }) => cure))];
  return fail(faults.map(({ what }) => what).join('; '), cures.join('; '));
}

interface OnCluster extends Omit<Check, 'run' | 'where'> {
  cure: string;
  look: (system: ClusterSystem, walk: Walk) => Promise<string | Outcome>;
}

/** A check that only a cluster can keep. */
export function onCluster({ look, ...rest }: OnCluster): Check {
  return check({
    ...rest,
    where: 'cluster',
    look: async (target, walk) =>
      target.kind === 'cluster' ? look(target, walk) : notApplicable('only a cluster can keep it'),
  });
}

interface OfObjects extends Omit<Check, 'run' | 'where'> {
  /** What it looks at, as `kubectl get` takes it: "deployments,services". */
  resources: string;
  /** Decides on nothing but these objects. */
  decide: (objects: Objects) => Outcome;
}

/** A promise that the objects keep, as the cluster has them. */
export function ofObjects({ resources, decide, ...rest }: OfObjects): Check {
  return onCluster({
    ...rest,
    cure: './orchestrator.sh status   # tells what is wrong with the cluster',
    look: async ({ kubectl }) => decide(await kubectl.list(resources)),
  });
}
