import { setTimeout as sleep } from 'node:timers/promises';
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
  /** Whether what is wrong may be on its way to be right, as with a pod that has just started; never when absent. */
  mayHeal?: (objects: Objects) => boolean;
}

/** A pod that starts on a busy node; metrics of a pod come some 15 to 60 s after it. */
const healTimeoutMs = 90_000;

/** A promise that the objects keep, as the cluster has them. */
export function ofObjects({ resources, decide, mayHeal = () => false, ...rest }: OfObjects): Check {
  return onCluster({
    ...rest,
    cure: './orchestrator.sh status   # tells what is wrong with the cluster',
    look: async ({ kubectl }, { signal }) => {
      const startMs = performance.now();
      for (;;) {
        const objects = await kubectl.list(resources);
        const outcome = decide(objects);
        const isLate = performance.now() - startMs > healTimeoutMs;
        if (outcome.result === 'pass' || isLate || !mayHeal(objects)) return outcome;
        await sleep(healPauseMs, undefined, { signal });
      }
    },
  });
}

const healPauseMs = 1_000;
