import type { Diagnosis } from './diagnosis.ts';
import { componentOf, kubectlCommand, unique } from './diagnosis.ts';
import type { Pod } from './objects.ts';
import { duration } from '../terminal.ts';
import { eventsOf, isServing, logKey } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';

/** What each part of the system needs to be ready. */
const needs: Readonly<Record<string, readonly string[]>> = {
  'inventory-app': ['inventory-database'],
  'billing-app': ['billing-database', 'rabbitmq'],
  'api-gateway': ['rabbitmq', 'inventory-app'],
};

/** Two rounds of the slowest readiness probe, and a start under load. */
const readyMs = 30_000;

/** A pod that runs and is not ready; not one that is on its way out. */
const isUnready = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined && pod.status.phase === 'Running' && !isServing(pod);

/** Pods that run and do not answer their probes. */
export function diagnoseProbes(pods: readonly Pod[], snapshot: Snapshot, nowMs: number): Diagnosis[] {
  return pods.filter(isUnready).flatMap((pod): Diagnosis[] => {
    const component = componentOf(pod);
    const since = pod.status.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
    const forMs = nowMs - Date.parse(since ?? pod.metadata.creationTimestamp);
    if (forMs < readyMs) return [];
    const starting = pod.status.containerStatuses?.some(({ started }) => started === false) ?? false;
    const [failed] = eventsOf(snapshot, 'Pod', pod.metadata).filter(({ reason }) => reason === 'Unhealthy');
    const log = pod.status.containerStatuses?.map(({ name }) => snapshot.logs[logKey(pod, name)]).find(Boolean);
    const others = snapshot.pods.some((other) => componentOf(other) === component && isServing(other));
    return [
      {
        level: others ? 'warning' : 'error',
        subject: component,
        message: `its program runs and has not been ${starting ? 'up' : 'ready'} for ${duration(forMs)}: ${failed?.message.trim() ?? 'its probe does not succeed'}`,
        cure: kubectlCommand(`logs ${pod.metadata.name} --tail=50`),
        evidence: log ?? '',
        explains: [pod.metadata.name],
      },
    ];
  });
}

/** Adds to each cause the pods that are not ready because of it: inventory-app without its database is no trouble of its own. */
export function withDependents(diagnoses: readonly Diagnosis[], snapshot: Snapshot): Diagnosis[] {
  let told = [...diagnoses];
  // In this order: the gateway may wait for inventory-app, which waits for its database.
  for (const [component, needed] of Object.entries(needs)) {
    const waiting = snapshot.pods
      .filter((pod) => componentOf(pod) === component && isUnready(pod))
      .map(({ metadata }) => metadata.name)
      .filter((name) => !told.some(({ explains }) => explains.includes(name)));
    const cause = told.find(
      ({ level, explains }) =>
        level === 'error' && componentsIn(explains, snapshot).some((name) => needed.includes(name)),
    );
    if (waiting.length === 0 || cause === undefined) continue;
    const message = `${cause.message}; ${component} waits for it`;
    told = told.map((each) =>
      each === cause ? { ...cause, message, explains: unique([...cause.explains, ...waiting]) } : each,
    );
  }
  return told;
}

function componentsIn(names: readonly string[], { pods }: Snapshot): string[] {
  return [...names, ...pods.filter(({ metadata }) => names.includes(metadata.name)).map(componentOf)];
}
