import { containersIn } from '@orchestrator/orchestrator/model/containers.ts';
import type {
  Container,
  KubernetesObject,
  Labels,
  PodSpec,
  Workload,
} from '@orchestrator/orchestrator/model/kubernetes.ts';
import type { ProgramFacts } from './program.facts.ts';
import type { Path } from '@orchestrator/orchestrator/model/path.ts';
import type { Breach, Manifest } from './manifest.ts';

/** All manifests together. */
export interface Objects {
  manifests: readonly Manifest[];
}

/** And what the programs say of themselves. */
export interface System extends Objects {
  facts: ProgramFacts;
}

/** One sentence that the manifests keep, and all that breaks it. */
export interface Rule {
  name: string;
  check: (system: System) => Iterable<Breach>;
}

/** A manifest with its object as what its kind says. That it has this shape has been checked by then. */
export interface Typed<T extends KubernetesObject> extends Manifest {
  object: T;
}

export function ofKind<T extends KubernetesObject>({ manifests }: Objects, kind: string): Array<Typed<T>> {
  return manifests.filter((manifest): manifest is Typed<T> => manifest.object.kind === kind);
}

export function named<T extends KubernetesObject>(system: Objects, kind: string, name: string): Typed<T> | undefined {
  return ofKind<T>(system, kind).find(({ object }) => object.metadata.name === name);
}

/** What makes pods. */
export interface PodTemplate {
  at: Typed<Workload>;
  name: string;
  labels: Labels;
  spec: PodSpec;
  path: Path;
}

const workloads = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job']);

export function podTemplates({ manifests }: Objects): PodTemplate[] {
  return manifests.filter(isWorkload).map((at) => {
    const { metadata, spec } = at.object.spec.template;
    return {
      at,
      name: at.object.metadata.name,
      labels: metadata?.labels ?? {},
      spec,
      path: ['spec', 'template', 'spec'],
    };
  });
}

function isWorkload(manifest: Manifest): manifest is Typed<Workload> {
  return workloads.has(manifest.object.kind);
}

/** A container, and where it stands. */
export interface Spot {
  pod: PodTemplate;
  container: Container;
  path: Path;
}

/** Containers of every sort: those that initialise and those that debug as well. */
export function containers(system: Objects): Spot[] {
  return podTemplates(system).flatMap(containersOf);
}

export function containersOf(pod: PodTemplate): Spot[] {
  const prefix = pod.path.slice(0, -1);
  return containersIn(pod.spec).map(({ container, path }) => ({ pod, container, path: [...prefix, ...path] }));
}

/** A breach by something inside an object. */
export function breach(at: Manifest, path: Path, message: string): Breach {
  return { at, path, message };
}
