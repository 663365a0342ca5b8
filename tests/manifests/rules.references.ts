import { nearestWord } from '@orchestrator/orchestrator/spelling.ts';
import type { Autoscaler, ConfigMap, Secret, Service } from '@orchestrator/orchestrator/model/kubernetes.ts';
import { fileAt, keysOf, referencesOf } from './references.ts';
import { breach, containers, containersOf, named, ofKind, podTemplates } from './system.ts';
import type { PodTemplate, Rule, System } from './system.ts';

/** Where a variable does not say the port. */
const usualPorts: Readonly<Record<string, string>> = { DATABASE: '5432', RABBITMQ: '5672' };

/** Whatever is named exists, and whatever exists is named. */
export const referenceRules: readonly Rule[] = [
  {
    name: 'what a pod refers to is defined',
    *check(system) {
      for (const pod of podTemplates(system)) {
        for (const { kind, name, key, path } of referencesOf(pod)) {
          const keys = keysOf(system, { kind, name });
          if (!keys) yield breach(pod.at, path, `there is no ${kind} ${name}`);
          else if (key !== undefined && !keys.includes(key)) {
            const near = nearestWord(key, keys);
            yield breach(pod.at, path, `${kind} ${name} has no ${key}${near ? `, did you mean "${near}"?` : ''}`);
          }
        }
        const { serviceAccountName = 'default', volumes = [] } = pod.spec;
        if (serviceAccountName !== pod.name || !named(system, 'ServiceAccount', pod.name))
          yield breach(pod.at, [...pod.path, 'serviceAccountName'], `must be ${pod.name}, and that defined`);
        for (const [index, { persistentVolumeClaim: claim }] of volumes.entries())
          if (claim && !named(system, 'PersistentVolumeClaim', claim.claimName))
            yield breach(pod.at, [...pod.path, 'volumes', index], `there is no claim ${claim.claimName}`);
      }
    },
  },
  {
    name: 'what an autoscaler refers to is defined',
    *check(system) {
      for (const autoscaler of ofKind<Autoscaler>(system, 'HorizontalPodAutoscaler')) {
        const { apiVersion, kind, name } = autoscaler.object.spec.scaleTargetRef;
        const target = named(system, kind, name);
        if (target?.object.apiVersion !== apiVersion)
          yield breach(autoscaler, ['spec', 'scaleTargetRef'], `there is no ${kind} ${name} in ${apiVersion ?? 'v1'}`);
      }
    },
  },
  {
    name: 'what is defined is used',
    *check(system) {
      const pods = podTemplates(system);
      for (const object of [...ofKind<Secret>(system, 'Secret'), ...ofKind<ConfigMap>(system, 'ConfigMap')]) {
        const { metadata, kind } = object.object;
        for (const field of ['data', 'stringData'] as const)
          for (const key of Object.keys((object.object as Secret)[field] ?? {}))
            if (!pods.some((pod) => usesKey(system, pod, kind, metadata.name, key)))
              yield breach(object, [field, key], 'no pod uses it');
      }
      for (const account of ofKind(system, 'ServiceAccount'))
        if (!pods.some(({ spec }) => spec.serviceAccountName === account.object.metadata.name))
          yield breach(account, ['metadata', 'name'], 'no pod uses it');
      for (const claim of ofKind(system, 'PersistentVolumeClaim'))
        if (
          !pods.some(({ spec }) =>
            spec.volumes?.some((each) => each.persistentVolumeClaim?.claimName === claim.object.metadata.name),
          )
        )
          yield breach(claim, ['metadata', 'name'], 'no pod uses it');
    },
  },
  {
    name: 'a file that a variable names is mounted',
    *check(system) {
      for (const place of containers(system))
        for (const [index, { name, value = '' }] of (place.container.env ?? []).entries()) {
          if (!name.endsWith('_FILE')) continue;
          const file = fileAt(place, value);
          if (!file || !keysOf(system, file)?.includes(file.key))
            yield breach(place.pod.at, [...place.path, 'env', index, 'value'], `nothing is mounted at ${value}`);
        }
    },
  },
  {
    name: 'an address that a variable names is that of a Service',
    *check(system) {
      for (const { pod, container, path } of containers(system)) {
        const env = new Map((container.env ?? []).map(({ name, value }) => [name, value]));
        for (const [index, { name, value = '' }] of (container.env ?? []).entries()) {
          const [, prefix = '', form] = /^(\w+)_(HOST|URL)$/.exec(name) ?? [];
          if (form === undefined) continue;
          const { hostname, port } =
            form === 'URL' && URL.canParse(value)
              ? new URL(value)
              : { hostname: value, port: env.get(`${prefix}_PORT`) ?? usualPorts[prefix] };
          const service = named<Service>(system, 'Service', hostname);
          if (!service?.object.spec.ports?.some((each) => String(each.port) === port))
            yield breach(pod.at, [...path, 'env', index, 'value'], `no Service offers ${hostname}:${port}`);
        }
      }
    },
  },
  {
    // kubectl creates the objects of a file from its top to its bottom.
    name: 'what a pod needs stands before it in its file',
    *check(system) {
      for (const { at, name, spec } of podTemplates(system)) {
        const claims = (spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []);
        const needs = [named(system, 'ServiceAccount', name), named(system, 'Service', name)];
        for (const need of [...needs, ...claims.map((each) => named(system, 'PersistentVolumeClaim', each))])
          if (need?.file === at.file && system.manifests.indexOf(need) > system.manifests.indexOf(at))
            yield breach(need, ['kind'], `must stand before ${at.object.kind} ${name}`);
      }
    },
  },
];

/**
 * A key is used where it is named: by a variable, an item, a mount; and where the whole object is mounted, by its name in
 * the pod or in a script that the pod mounts.
 */
function usesKey(system: System, pod: PodTemplate, kind: string, name: string, key: string): boolean {
  const mine = referencesOf(pod).filter((each) => each.kind === kind && each.name === name);
  if (mine.some((each) => each.key === key)) return true;
  if (!mine.some((each) => each.key === undefined)) return false;
  const scripts = referencesOf(pod).flatMap((each) =>
    each.kind === 'ConfigMap' ? Object.values(named<ConfigMap>(system, 'ConfigMap', each.name)?.object.data ?? {}) : [],
  );
  const container = containersOf(pod).map((place) => JSON.stringify({ ...place.container, volumeMounts: [] }));
  const word = new RegExp(`(?<![\\w-])${key.replaceAll('.', '\\.')}(?![\\w-])`);
  return [...scripts, ...container].some((text) => word.test(text));
}
