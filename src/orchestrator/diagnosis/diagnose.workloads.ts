import { ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import { componentNames } from '../local/ports.plan.ts';
import type { Diagnosis } from './diagnosis.ts';
import { cures, kubectlCommand } from './diagnosis.ts';
import type { Workload } from './objects.ts';
import { eventTime, eventsOf } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';

/** Kubernetes tries again after a quarter of an hour at the most (its back-off for creating pods). */
const retryMs = 16 * 60_000;

/** The port on every node. */
const nodePort = 30_000;

/**
 * Parts that are missing, stopped, or get no pods.
 * @param sick components whose pods have a cause of their own: that their rollout does not get on follows from it
 */
export function diagnoseWorkloads(snapshot: Snapshot, nowMs: number, sick: readonly string[]): Diagnosis[] {
  const { workloads } = snapshot;
  const named = componentNames.map((name) => workloads.find(({ metadata }) => metadata.name === name));
  if (named.every((workload) => workload === undefined)) {
    return [
      wholeSystem(
        'the system is not deployed on this cluster',
        './orchestrator.sh create   # or deploy, where the cluster is made already',
      ),
    ];
  }
  if (named.every((workload) => workload === undefined || workload.spec.replicas === 0)) {
    return [wholeSystem('the system is stopped: every part of it is scaled to 0', './orchestrator.sh start')];
  }
  const absent = componentNames.filter((_, index) => named[index] === undefined);
  const service = snapshot.services.find(({ metadata }) => metadata.name === 'api-gateway');
  return [
    ...absent.map((name) => error(name, 'not deployed', './orchestrator.sh deploy')),
    ...(service?.spec.ports?.some((port) => port.nodePort === nodePort)
      ? []
      : [
          error('api-gateway', `no Service leads from port ${nodePort} of the nodes to it`, './orchestrator.sh deploy'),
        ]),
    ...workloads.flatMap((workload) => workloadCause(workload, snapshot, nowMs, sick) ?? []),
  ];
}

const error = (subject: string, message: string, cure: string): Diagnosis => ({
  level: 'error',
  subject,
  message,
  cure,
  explains: [subject],
});

const wholeSystem = (message: string, cure: string): Diagnosis => ({
  ...error('system', message, cure),
  explains: [...componentNames],
});

function workloadCause(
  workload: Workload,
  snapshot: Snapshot,
  nowMs: number,
  sick: readonly string[],
): Diagnosis | undefined {
  const { name } = workload.metadata;
  const { replicas = 1 } = workload.spec;
  if (replicas === 0) return stopped(workload);
  const refusal = refusalOf(workload, snapshot, nowMs);
  if (refusal !== undefined) return { ...error(name, '', ''), evidence: refusal, ...refusedPod(refusal) };
  const progress = workload.status.conditions?.find(({ type }) => type === 'Progressing');
  if (progress?.status !== 'False' || sick.includes(name)) return undefined;
  return {
    ...error(name, 'its rollout does not get on', kubectlCommand(`describe deployment ${name}`)),
    evidence: progress.message ?? '',
  };
}

function stopped({ kind, metadata: { name } }: Workload): Diagnosis {
  const isBilling = name === 'billing-app';
  return {
    level: isBilling ? 'warning' : 'error',
    subject: name,
    message: `somebody stopped it (0 replicas)${isBilling ? `; orders wait in ${ORDER_QUEUE}` : ''}`,
    cure: kubectlCommand(`scale ${kind.toLowerCase()} ${name} --replicas=1`),
    explains: [name],
  };
}

/** What the API server said when it refused to take a pod of this workload; undefined when none is lacking. */
function refusalOf({ kind, metadata, spec, status }: Workload, snapshot: Snapshot, nowMs: number): string | undefined {
  if (kind === 'Deployment') {
    return status.conditions?.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True')?.message;
  }
  if ((status.replicas ?? 0) >= (spec.replicas ?? 1)) return undefined;
  const event = eventsOf(snapshot, kind, metadata).find(({ reason }) => reason === 'FailedCreate');
  return event === undefined || nowMs - eventTime(event) > retryMs ? undefined : event.message;
}

function refusedPod(words: string): Pick<Diagnosis, 'message' | 'cure' | 'final' | 'evidence'> {
  const breaches = /violates PodSecurity "([^"]+)": (.*)/s.exec(words);
  if (breaches !== null) {
    return {
      message: `the namespace takes only pods that keep to Pod Security ${breaches[1]}`,
      cure: cures('# correct the securityContext in its manifest, then:', './orchestrator.sh deploy'),
      evidence: breaches[2]?.trim() ?? '',
      final: true,
    };
  }
  const quota = /exceeded quota: ([^,]+), requested: (.*?), used: (.*?), limited: (.*)/.exec(words);
  if (quota !== null) {
    return {
      message: `the quota ${quota[1]} of the namespace is used up`,
      cure: kubectlCommand(`describe quota ${quota[1]}`),
    };
  }
  const account = /serviceaccount "([^"]+)" not found/i.exec(words)?.[1];
  if (account !== undefined) {
    return { message: `the ServiceAccount ${account} is missing`, cure: './orchestrator.sh deploy', final: true };
  }
  return { message: 'the cluster does not take its pods', cure: kubectlCommand('get events --sort-by=.lastTimestamp') };
}
