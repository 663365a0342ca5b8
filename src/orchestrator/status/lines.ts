import { isReady } from '../diagnosis/diagnose.scheduling.ts';
import { componentOf } from '../diagnosis/diagnosis.ts';
import type { Pod } from '../diagnosis/objects.ts';
import { containersOf, eventTime } from '../diagnosis/snapshot.ts';
import type { Snapshot } from '../diagnosis/snapshot.ts';

export interface NodeLine {
  name: string;
  ready: boolean;
  /** False when it is cordoned. */
  schedulable: boolean;
  version: string;
  address: string;
  ageSeconds: number;
}

export interface PodLine {
  name: string;
  component: string;
  ready: boolean;
  /** As kubectl has it: Running, Pending, CrashLoopBackOff, Terminating … */
  state: string;
  restarts: number;
  ageSeconds: number;
  /** Empty while it has none. */
  node: string;
}

export interface AutoscalerLine {
  name: string;
  replicas: number;
  min: number;
  max: number;
  /** Percent of what the pods request; null while the autoscaler is blind. */
  cpuPercent: number | null;
  targetPercent: number | null;
}

export interface VolumeLine {
  claim: string;
  phase: string;
  size: string;
  /** The node that holds the data; empty when it is reached from all. */
  node: string;
}

export interface EventLine {
  /** ISO 8601. */
  time: string;
  object: string;
  reason: string;
  message: string;
  count: number;
}

const ageSeconds = (created: string, nowMs: number): number =>
  Math.max(0, Math.round((nowMs - Date.parse(created)) / 1000));

export function nodeLines({ nodes }: Snapshot, nowMs: number): NodeLine[] {
  return nodes.map((node) => ({
    name: node.metadata.name,
    ready: isReady(node),
    schedulable: node.spec.unschedulable !== true,
    version: node.status.nodeInfo.kubeletVersion,
    address: node.status.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '',
    ageSeconds: ageSeconds(node.metadata.creationTimestamp, nowMs),
  }));
}

export function podLines({ pods }: Snapshot, nowMs: number): PodLine[] {
  return pods.map((pod) => ({
    name: pod.metadata.name,
    component: componentOf(pod),
    ready: pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    state: stateOf(pod),
    restarts: containersOf(pod).reduce((sum, { restartCount }) => sum + restartCount, 0),
    ageSeconds: ageSeconds(pod.metadata.creationTimestamp, nowMs),
    node: pod.spec.nodeName ?? '',
  }));
}

function stateOf(pod: Pod): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  for (const { state } of containersOf(pod)) {
    const reason = state.waiting?.reason ?? (state.terminated?.exitCode === 0 ? undefined : state.terminated?.reason);
    if (reason !== undefined) return reason;
  }
  return pod.status.reason ?? pod.status.phase;
}

export function autoscalerLines({ autoscalers }: Snapshot): AutoscalerLine[] {
  return autoscalers.map(({ metadata, spec, status }) => ({
    name: metadata.name,
    replicas: status.currentReplicas ?? 0,
    min: spec.minReplicas ?? 1,
    max: spec.maxReplicas,
    cpuPercent:
      status.currentMetrics?.find(({ resource }) => resource?.name === 'cpu')?.resource?.current.averageUtilization ??
      null,
    targetPercent:
      spec.metrics?.find(({ resource }) => resource?.name === 'cpu')?.resource?.target.averageUtilization ?? null,
  }));
}

export function volumeLines({ claims, volumes }: Snapshot): VolumeLine[] {
  return claims.map(({ metadata, spec, status }) => {
    const volume = volumes.find((each) => each.metadata.name === spec.volumeName);
    const terms = volume?.spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
    const nodes = terms.flatMap(
      ({ matchExpressions }) => matchExpressions?.flatMap(({ values }) => values ?? []) ?? [],
    );
    return { claim: metadata.name, phase: status.phase, size: status.capacity?.storage ?? '', node: nodes.join(', ') };
  });
}

/** Warnings are kept for an hour; what is older than this has mostly been cured. */
const recentMs = 15 * 60_000;
const mostEvents = 5;

export function eventLines({ events }: Snapshot, nowMs: number): EventLine[] {
  return events
    .filter((event) => event.type === 'Warning' && nowMs - eventTime(event) < recentMs)
    .slice(0, mostEvents)
    .map((event) => ({
      time: new Date(eventTime(event)).toISOString(),
      object: `${event.involvedObject.kind.toLowerCase()}/${event.involvedObject.name}`,
      reason: event.reason,
      message: event.message.trim(),
      count: event.count ?? 1,
    }));
}
