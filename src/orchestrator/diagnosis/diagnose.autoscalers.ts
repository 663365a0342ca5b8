import type { Diagnosis } from './diagnosis.ts';
import { cures, kubectlCommand } from './diagnosis.ts';
import type { Autoscaler, Condition } from './objects.ts';
import type { Snapshot } from './snapshot.ts';

/** metrics-server knows a new pod after two of its rounds of 15 s, at the latest after these. */
const firstMetricsMs = 120_000;

/** Autoscalers that are blind, or can do no more. */
export function diagnoseAutoscalers(snapshot: Snapshot, nowMs: number, broken: readonly string[]): Diagnosis[] {
  return snapshot.autoscalers.flatMap((autoscaler): Diagnosis[] => {
    const { name, creationTimestamp } = autoscaler.metadata;
    const { name: target } = autoscaler.spec.scaleTargetRef;
    // No pods, no metrics: that is told already.
    if (broken.includes(target)) return [];
    const condition = (type: string): Condition | undefined =>
      autoscaler.status.conditions?.find((each) => each.type === type);
    const subject = `autoscaler ${name}`;
    const scale = condition('AbleToScale');
    if (scale?.status === 'False' && scale.reason === 'FailedGetScale') {
      return [
        {
          level: 'error',
          subject,
          message: `it finds no ${autoscaler.spec.scaleTargetRef.kind} ${target}`,
          cure: './orchestrator.sh deploy',
          evidence: scale.message ?? '',
          explains: [name],
        },
      ];
    }
    const active = condition('ScalingActive');
    if (active?.status === 'False' && active.reason !== 'ScalingDisabled') {
      if (isNew(snapshot, target, creationTimestamp, nowMs)) return [];
      return [{ level: 'error', subject, ...blindness(active), explains: [name] }];
    }
    const limited = condition('ScalingLimited');
    if (limited?.status === 'True' && limited.reason === 'TooManyReplicas') return [atMaximum(autoscaler, subject)];
    return [];
  });
}

function isNew({ pods }: Snapshot, target: string, creationTimestamp: string, nowMs: number): boolean {
  const starts = pods
    .filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] === target)
    .map(({ metadata }) => metadata.creationTimestamp);
  return [creationTimestamp, ...starts].some((start) => nowMs - Date.parse(start) < firstMetricsMs);
}

function blindness({ message: words = '' }: Condition): Pick<Diagnosis, 'message' | 'cure' | 'evidence'> {
  const request = /missing request for (\w+) in container (\S+)/.exec(words);
  if (request !== null) {
    return {
      message: `it is blind: the container ${request[2]} has no ${request[1]} request to take a percentage of`,
      cure: './orchestrator.sh deploy   # the manifests have one',
      evidence: words,
    };
  }
  return {
    message: 'it is blind: the cluster has no metrics',
    cure: cures(
      'kubectl get pods -n kube-system -l k8s-app=metrics-server   # does it run?',
      'kubectl get apiservice v1beta1.metrics.k8s.io',
      'kubectl top pods -n microservices',
    ),
    evidence: words,
  };
}

function atMaximum({ spec, status }: Autoscaler, subject: string): Diagnosis {
  const { name } = spec.scaleTargetRef;
  return {
    level: 'warning',
    subject,
    message: `${name} runs with its most replicas (${status.currentReplicas ?? spec.maxReplicas}) and would need more`,
    cure: cures(
      kubectlCommand(`patch hpa ${name} --type=merge -p '{"spec":{"maxReplicas":${spec.maxReplicas + 2}}}'`) +
        '   # until the next deploy',
      `# for good: maxReplicas in Manifests/${name}.yaml`,
    ),
    explains: [],
  };
}
