/**
 * Writes `schema.types.json`: what Kubernetes 1.36 takes in the objects of these kinds. By hand, when Kubernetes moves on:
 *
 *     npm exec --package=@kubernetes/client-node@2.0.1 -- node_modules/.bin/node tests/manifests/schema.generate.ts
 *
 * The types are those of the official client, which is generated from the API's own description. It is read as text, and
 * is no dependency, for it weighs 83 MB.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The kinds of the manifests and their neighbours, by API version. */
const kinds: Record<string, string> = {
  'v1 ConfigMap': 'V1ConfigMap',
  'v1 LimitRange': 'V1LimitRange',
  'v1 Namespace': 'V1Namespace',
  'v1 PersistentVolume': 'V1PersistentVolume',
  'v1 PersistentVolumeClaim': 'V1PersistentVolumeClaim',
  'v1 Pod': 'V1Pod',
  'v1 ResourceQuota': 'V1ResourceQuota',
  'v1 Secret': 'V1Secret',
  'v1 Service': 'V1Service',
  'v1 ServiceAccount': 'V1ServiceAccount',
  'apps/v1 DaemonSet': 'V1DaemonSet',
  'apps/v1 Deployment': 'V1Deployment',
  'apps/v1 ReplicaSet': 'V1ReplicaSet',
  'apps/v1 StatefulSet': 'V1StatefulSet',
  'autoscaling/v2 HorizontalPodAutoscaler': 'V2HorizontalPodAutoscaler',
  'batch/v1 CronJob': 'V1CronJob',
  'batch/v1 Job': 'V1Job',
  'networking.k8s.io/v1 NetworkPolicy': 'V1NetworkPolicy',
  'policy/v1 PodDisruptionBudget': 'V1PodDisruptionBudget',
  'rbac.authorization.k8s.io/v1 Role': 'V1Role',
  'rbac.authorization.k8s.io/v1 RoleBinding': 'V1RoleBinding',
  'scheduling.k8s.io/v1 PriorityClass': 'V1PriorityClass',
  'storage.k8s.io/v1 StorageClass': 'V1StorageClass',
};

/** Written by the cluster, never by people. */
const writtenByTheCluster = new Set(['managedFields', 'status']);

interface Attribute {
  name: string;
  baseName: string;
  type: string;
  format: string;
}

const folder = findPackage('@kubernetes/client-node');
const types = new Map<string, string>();
for (const type of Object.values(kinds)) addType(type);

const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
const table = {
  generatedBy: 'tests/manifests/schema.generate.ts',
  from: `@kubernetes/client-node ${version}, the types of Kubernetes 1.36. Copyright The Kubernetes Authors, ${license}`,
  kinds,
  types: Object.fromEntries([...types].toSorted(([a], [b]) => (a < b ? -1 : 1))),
};
writeFileSync(new URL('schema.types.json', import.meta.url), `${JSON.stringify(table, undefined, 2)}\n`);

/** `npm exec` puts the programs of its own packages in front of PATH. */
function findPackage(name: string): string {
  const places = (process.env['PATH'] ?? '').split(delimiter).map((bin) => join(bin, '..', name));
  const found = places.find((place) => existsSync(join(place, 'package.json')));
  if (found === undefined) throw new Error(`${name} is not there: run this with npm exec, as the comment above says`);
  return found;
}

/** Adds the type and all that it is made of. */
function addType(type: string): void {
  if (types.has(type)) return;
  const model = join(folder, 'dist/gen/models', type);
  const [, source] = /attributeTypeMap = (\[.*?\n\]);/s.exec(readFileSync(`${model}.js`, 'utf8')) ?? [];
  if (source === undefined) throw new Error(`${model}.js has no attribute map`);
  const declaration = readFileSync(`${model}.d.ts`, 'utf8');
  const attributes = (JSON.parse(source) as Attribute[]).filter(({ name }) => !writtenByTheCluster.has(name));
  const isRequired = ({ name }: Attribute): boolean => declaration.includes(`    '${name}':`);
  const fields = attributes.map((each) => `${each.baseName}${isRequired(each) ? '' : '?'}: ${shortType(each)}`);
  types.set(type, fields.join('; '));
  for (const [part] of attributes
    .map((each) => each.type)
    .join(' ')
    .matchAll(/\w*V\d\w+/g))
    addType(part);
}

/** `Array<V1Container>` as `V1Container[]`, `{ [key: string]: string; }` as `map(string)`, numbers by their format. */
function shortType({ type, format }: Attribute): string {
  const short = type.replace(/\{ \[key: string\]: (.*); \}/, 'map($1)').replace(/Array<(.*?)>/, '$1[]');
  return format === '' ? short : short.replace(/number|string|Date|IntOrString/, format);
}
