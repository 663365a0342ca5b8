import type { ConfigMap, Container, KeyToPath, Secret, Volume } from '@orchestrator/orchestrator/model/kubernetes.ts';
import type { Path } from '@orchestrator/orchestrator/model/path.ts';
import { containersOf, named } from './system.ts';
import type { Objects, PodTemplate, Spot } from './system.ts';

/** A Secret or a ConfigMap, or one key of it, of which a pod makes use. */
export interface Reference {
  kind: 'ConfigMap' | 'Secret';
  name: string;
  /** Absent where the whole object is meant. */
  key?: string;
  path: Path;
}

/** Everything that a pod takes from Secrets and ConfigMaps. */
export function referencesOf(pod: PodTemplate): Reference[] {
  return [
    ...(pod.spec.volumes ?? []).flatMap((volume, index) => volumeReferences(volume, [...pod.path, 'volumes', index])),
    ...containersOf(pod).flatMap((place) => [...variableReferences(place), ...mountReferences(place)]),
  ];
}

function volumeReferences({ configMap, secret }: Volume, path: Path): Reference[] {
  if (configMap) return keys('ConfigMap', configMap.name, configMap.items, [...path, 'configMap']);
  return secret ? keys('Secret', secret.secretName, secret.items, [...path, 'secret']) : [];
}

function keys(kind: Reference['kind'], name = '', items: KeyToPath[] | undefined, path: Path): Reference[] {
  if (!items) return [{ kind, name, path }];
  return items.map(({ key }, index) => ({ kind, name, key, path: [...path, 'items', index, 'key'] }));
}

function variableReferences({ container, path }: Spot): Reference[] {
  return (container.env ?? []).flatMap(({ valueFrom }, index): Reference[] => {
    const where = [...path, 'env', index, 'valueFrom'];
    const { secretKeyRef: secret, configMapKeyRef: config } = valueFrom ?? {};
    return [
      ...(secret ? [{ kind: 'Secret' as const, name: '', ...secret, path: [...where, 'secretKeyRef'] }] : []),
      ...(config ? [{ kind: 'ConfigMap' as const, name: '', ...config, path: [...where, 'configMapKeyRef'] }] : []),
    ];
  });
}

/** A file that is mounted by itself. */
function mountReferences({ pod, container, path }: Spot): Reference[] {
  return (container.volumeMounts ?? []).flatMap(({ name, subPath }, index): Reference[] => {
    const volume = pod.spec.volumes?.find((each) => each.name === name);
    const [whole] = volume ? volumeReferences(volume, [...path, 'volumeMounts', index]) : [];
    return whole && subPath !== undefined ? [{ ...whole, key: subPath }] : [];
  });
}

/** The keys that a Secret or ConfigMap has; undefined when there is no such object. */
export function keysOf(system: Objects, { kind, name }: Pick<Reference, 'kind' | 'name'>): string[] | undefined {
  const found = named<ConfigMap & Secret>(system, kind, name);
  return found && Object.keys({ ...found.object.data, ...found.object.stringData });
}

/** What stands at a path in a container, of a Secret or a ConfigMap that is mounted there; undefined when nothing does. */
export function fileAt(
  { pod, container }: Spot,
  path: string,
): Required<Pick<Reference, 'kind' | 'name' | 'key'>> | undefined {
  for (const { name, mountPath, subPath } of container.volumeMounts ?? []) {
    const volume = pod.spec.volumes?.find((each) => each.name === name);
    const source = volume && volumeReferences(volume, [])[0];
    if (!source || !(path === mountPath || path.startsWith(`${mountPath}/`))) continue;
    const file = subPath ?? path.slice(mountPath.length + 1);
    const items = volume.secret?.items ?? volume.configMap?.items;
    const key = items ? items.find((item) => item.path === file)?.key : file;
    if (key !== undefined) return { kind: source.kind, name: source.name, key };
  }
  return undefined;
}

/** What a container is told, with the values of Secrets filled in. */
export function environmentOf(system: Objects, container: Container | undefined): Map<string, string> {
  const pairs = (container?.env ?? []).map(({ name, value, valueFrom }): [string, string] => {
    const { name: secret = '', key = '' } = valueFrom?.secretKeyRef ?? {};
    const found = valueFrom ? named<Secret>(system, 'Secret', secret)?.object.stringData?.[key] : value;
    return [name, found ?? ''];
  });
  return new Map(pairs);
}
