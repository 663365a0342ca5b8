import { diagnoseAutoscalers } from './diagnose.autoscalers.ts';
import { diagnoseNodes } from './diagnose.nodes.ts';
import { diagnosePods } from './diagnose.pods.ts';
import { diagnoseProbes, withDependents } from './diagnose.probes.ts';
import { diagnoseStorage } from './diagnose.storage.ts';
import { diagnoseWorkloads } from './diagnose.workloads.ts';
import type { Diagnosis } from './diagnosis.ts';
import { componentOf, mergeSame } from './diagnosis.ts';
import type { Snapshot } from './snapshot.ts';

/** Data before what works with it: with the first cured, the next may be well by itself. */
const order = ['rabbitmq', 'inventory-database', 'billing-database', 'inventory-app', 'billing-app', 'api-gateway'];

/**
 * What is wrong in the cluster: one entry for each cause, not for each symptom; empty when all is well. Nodes come first, then storage,
 * broker and databases, services, autoscalers.
 */
export function diagnose(snapshot: Snapshot, nowMs: number): Diagnosis[] {
  const ground = [...diagnoseNodes(snapshot, nowMs), ...mergeSame(diagnoseStorage(snapshot, nowMs))];
  const unexplained = (told: readonly Diagnosis[]) =>
    snapshot.pods.filter(({ metadata }) => !told.some(({ explains }) => explains.includes(metadata.name)));
  const pods = diagnosePods(unexplained(ground), snapshot, nowMs);
  const workloads = diagnoseWorkloads(snapshot, nowMs, componentsOf([...ground, ...pods], snapshot));
  const sorted = mergeSame([...pods, ...workloads]).toSorted((a, b) => rank(a) - rank(b));
  const known = withDependents([...ground, ...sorted], snapshot);
  const probes = mergeSame(diagnoseProbes(unexplained(known), snapshot, nowMs));
  const parts = [...known.slice(ground.length), ...probes].toSorted((a, b) => rank(a) - rank(b));
  const told = [...known.slice(0, ground.length), ...parts];
  const broken = told.filter(({ level }) => level === 'error');
  return [...told, ...mergeSame(diagnoseAutoscalers(snapshot, nowMs, componentsOf(broken, snapshot)))];
}

function rank({ subject }: Diagnosis): number {
  const index = order.indexOf(subject.split(', ')[0] ?? '');
  return index === -1 ? order.length : index;
}

/** The components whose trouble these explain. */
function componentsOf(diagnoses: readonly Diagnosis[], { pods }: Snapshot): string[] {
  const names = diagnoses.flatMap(({ explains }) => explains);
  return [...names, ...pods.filter(({ metadata }) => names.includes(metadata.name)).map(componentOf)];
}
