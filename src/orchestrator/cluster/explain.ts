import { Failure } from '../failure.ts';
import { diagnose } from '../diagnosis/diagnose.ts';
import { isHopeless } from '../diagnosis/diagnosis.ts';
import type { Diagnosis } from '../diagnosis/diagnosis.ts';
import type { Kubectl } from './kubectl.ts';
import { takeSnapshot } from '../diagnosis/snapshot.ts';

/** A rollout that did not end in time, with the causes that the cluster tells. */
export async function failRollout(kubectl: Kubectl, message: string): Promise<Failure> {
  const causes = await findCauses(kubectl);
  return new Failure('rollout-failed', [message, ...causes.map(describe)].join('\n'), {
    cure: causes.length === 0 ? './orchestrator.sh status tells more' : causes.map(({ cure }) => cure).join('\n  '),
  });
}

/**
 * Gives up on what waiting will not cure: a wrong image name stays wrong.
 * @param components whose pods are waited for
 * @throws Failure rollout-failed
 */
export async function failWhenHopeless(kubectl: Kubectl, components: readonly string[]): Promise<void> {
  const { pods, causes } = await look(kubectl);
  const names = pods.filter(({ metadata }) => components.includes(metadata.labels?.['app.kubernetes.io/name'] ?? ''));
  const ours = [...components, ...names.map(({ metadata }) => metadata.name)];
  const hopeless = causes.filter((cause) => isHopeless(cause) && cause.explains.some((name) => ours.includes(name)));
  if (hopeless.length === 0) return;
  throw new Failure('rollout-failed', hopeless.map(describe).join('\n'), {
    cure: hopeless.map(({ cure }) => cure).join('\n  '),
  });
}

async function findCauses(kubectl: Kubectl): Promise<Diagnosis[]> {
  return (await look(kubectl)).causes.filter(({ level }) => level === 'error');
}

async function look(kubectl: Kubectl) {
  const snapshot = await takeSnapshot(kubectl);
  return { pods: snapshot.pods, causes: diagnose(snapshot, Date.now()) };
}

const describe = ({ subject, message, evidence }: Diagnosis): string =>
  [`${subject}: ${message}`, ...(evidence ? [`  ${evidence.replaceAll('\n', '\n  ')}`] : [])].join('\n');
