import { Failure } from '../failure.ts';
import type { Kubectl, KubernetesObject } from './kubectl.ts';

/** A rollout that did not end in time, with the causes that the cluster tells. */
export async function failRollout(_kubectl: Kubectl, message: string): Promise<Failure> {
  return new Failure('rollout-failed', message, { cure: './orchestrator.sh status' });
}

/** @throws Failure */
export async function failWhenHopeless(_kubectl: Kubectl, _workloads: readonly KubernetesObject[]): Promise<void> {}
