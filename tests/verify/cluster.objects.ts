import assert from 'node:assert/strict';
import type { Kubectl, KubernetesObject } from '@orchestrator/orchestrator/cluster/kubectl.ts';
import { readManifests } from '@orchestrator/orchestrator/cluster/manifests.ts';
import { isSecret, isWorkload } from '@orchestrator/orchestrator/cluster/objects.ts';
import type { Workload } from '@orchestrator/orchestrator/cluster/objects.ts';
import { randomPassword } from '@orchestrator/orchestrator/password.ts';
import type { ClusterSystem } from '@orchestrator/orchestrator/target/target.ts';

/** The objects of a cluster on which the manifests run well, as its API server tells them. */
export async function runningObjects(): Promise<KubernetesObject[]> {
  const manifests = (await readManifests()).map(asApplied);
  const workloads = manifests.filter(isWorkload);
  const services = manifests.filter(({ kind }) => kind === 'Service');
  return [
    ...['agent', 'master'].map(node),
    ...manifests,
    ...workloads.map(podOf),
    ...workloads.flatMap(claimsOf),
    ...services.map(({ metadata: { name } }) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-abcde`, labels: { 'kubernetes.io/service-name': name } },
      endpoints: [{ conditions: { ready: true } }],
    })),
  ];
}

const ready = (): object[] => [{ type: 'Ready', status: 'True' }];

function node(name: string): KubernetesObject {
  const role = name === 'master' ? { 'node-role.kubernetes.io/control-plane': 'true' } : {};
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: role, annotations: { 'k3s.io/encryption-config-hash': 'start-0123' } },
    spec: {},
    status: { conditions: ready(), nodeInfo: { kubeletVersion: 'v1.36.4+k3s1' } },
  };
}

/** With what `deploy` and the cluster add. */
function asApplied(object: KubernetesObject): KubernetesObject {
  const status = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
  const applied = { ...object, metadata: { ...object.metadata, generation: 1 } };
  if (isWorkload(object)) return { ...applied, status };
  if (isSecret(object)) {
    const values = Object.entries(object.stringData ?? {}).map(([key, value]): [string, string] => {
      return [key, Buffer.from(key.endsWith('password') ? randomPassword() : value).toString('base64')];
    });
    const { stringData: _, ...rest } = applied as typeof object;
    const managedFields = [{ manager: 'orchestrator' }];
    return { ...rest, metadata: { ...rest.metadata, managedFields }, data: Object.fromEntries(values) };
  }
  if (object.kind === 'PersistentVolumeClaim') return { ...applied, status: { phase: 'Bound' } };
  return applied;
}

function podOf({ kind, metadata: { name }, spec }: Workload): KubernetesObject {
  const suffix = kind === 'StatefulSet' ? '0' : '5f59cd54f9-mqfzr';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${name}-${suffix}`, labels: spec.template.metadata.labels, ownerReferences: [{ kind, name }] },
    spec: structuredClone(spec.template.spec),
    status: { phase: 'Running', conditions: ready() },
  };
}

function claimsOf({ metadata: { name }, spec }: Workload): KubernetesObject[] {
  const templates = (spec['volumeClaimTemplates'] ?? []) as { metadata: { name: string }; spec: object }[];
  return templates.map((template) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: `${template.metadata.name}-${name}-0` },
    spec: template.spec,
    status: { phase: 'Bound' },
  }));
}

/** `kubectl get` on these objects, and nothing else of a cluster. */
export function clusterOf(objects: readonly KubernetesObject[], provider: 'vagrant' | 'kubeconfig'): ClusterSystem {
  const list = async (resources: string): Promise<KubernetesObject[]> =>
    objects.filter(({ kind }) => resources.split(',').includes(pluralOf(kind)));
  const kubectl = { list } as unknown as Kubectl;
  return { kind: 'cluster', kubectl, session: { provider: { name: provider } } } as unknown as ClusterSystem;
}

const pluralOf = (kind: string): string => kind.toLowerCase().replace(/y$/, 'ie').concat('s');

/** Spoils objects where they are. */
export type Spoil = (objects: KubernetesObject[]) => void;

/** A way to spoil the objects of a cluster, the checks that must turn red, and what the first of them must name. */
export type Break = readonly [turnsRed: readonly string[], title: string, names: RegExp, spoil: Spoil];

/** Sets a field, such as `spec.ports.0.port`, of `Service/rabbitmq`; undefined takes it out. */
export function set(title: string, path: string, value: unknown): Spoil {
  return (objects) => {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let place: unknown = find(objects, title);
    for (const key of keys) place = (place as Record<string, unknown>)[key];
    assert.ok(typeof place === 'object' && place !== null, `${title} has no ${path} any more`);
    if (value === undefined) delete (place as Record<string, unknown>)[last];
    else (place as Record<string, unknown>)[last] = value;
  };
}

/** Takes objects away. */
export function without(...titles: string[]): Spoil {
  return (objects) => {
    for (const title of titles) objects.splice(objects.indexOf(find(objects, title)), 1);
  };
}

export function add(...more: KubernetesObject[]): Spoil {
  return (objects) => void objects.push(...structuredClone(more));
}

export const both =
  (...spoils: Spoil[]): Spoil =>
  (objects) =>
    spoils.forEach((spoil) => spoil(objects));

export function find(objects: readonly KubernetesObject[], title: string): KubernetesObject {
  const found = objects.find(({ kind, metadata: { name } }) => `${kind}/${name}`.startsWith(title));
  assert.ok(found, `there is no ${title} any more`);
  return found;
}
