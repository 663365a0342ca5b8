import type { PodTemplate, Rule } from './system.ts';
import { breach, ofKind, podTemplates } from './system.ts';
import { NAMESPACE, components, files } from '@orchestrator/orchestrator/model/picture.ts';

const LABEL = 'app.kubernetes.io';

/** Which object stands in which file, under which name, labels and namespace. */
export const fileRules: readonly Rule[] = [
  {
    name: 'each file holds its objects, in the order in which they are needed',
    *check({ manifests }) {
      const byFile = Map.groupBy(manifests, ({ file }) => file);
      for (const [file, kinds] of Object.entries(files)) {
        const found = (byFile.get(file) ?? []).map(({ object }) => object.kind);
        const at = byFile.get(file)?.[0] ?? { file, position: () => ({ line: 1, column: 1 }) };
        if (found.join() !== kinds.join())
          yield { at, path: [], message: `has ${found.join(', ') || 'nothing'} instead of ${kinds.join(', ')}` };
      }
      for (const [file, [first]] of byFile)
        if (first && !(file in files)) yield breach(first, [], 'nobody expects this file');
    },
  },
  {
    name: 'no object is there twice',
    *check({ manifests }) {
      const seen = new Set<string>();
      for (const manifest of manifests) {
        const { kind, metadata } = manifest.object;
        const key = `${kind} ${metadata.name}`;
        if (seen.has(key)) yield breach(manifest, ['metadata', 'name'], `${key} is there already`);
        seen.add(key);
      }
    },
  },
  {
    name: 'everything is in the namespace',
    *check({ manifests }) {
      for (const manifest of manifests) {
        const { kind, metadata } = manifest.object;
        const name = kind === 'Namespace' ? metadata.name : metadata.namespace;
        if (name !== NAMESPACE) yield breach(manifest, ['metadata', 'namespace'], `must be ${NAMESPACE}`);
      }
    },
  },
  {
    name: 'the namespace enforces "restricted"',
    *check(system) {
      for (const namespace of ofKind(system, 'Namespace'))
        for (const mode of ['enforce', 'audit', 'warn']) {
          const label = `pod-security.kubernetes.io/${mode}`;
          if (namespace.object.metadata.labels?.[label] !== 'restricted')
            yield breach(namespace, ['metadata', 'labels', label], 'must be restricted');
        }
    },
  },
  {
    // `kubectl wait --for=condition=ready pod --all` waits in vain for a pod that has done its work.
    name: 'no pod comes to an end',
    *check({ manifests }) {
      for (const manifest of manifests)
        if (['Job', 'CronJob', 'Pod'].includes(manifest.object.kind))
          yield breach(manifest, ['kind'], 'its finished pod would never be ready');
    },
  },
  {
    name: 'a workload is of the kind and name that the picture has',
    *check(system) {
      for (const { at, name } of podTemplates(system))
        if (components[name]?.kind !== at.object.kind)
          yield breach(at, ['kind'], `${name} should be ${components[name]?.kind ?? 'no part of the system'}`);
    },
  },
  {
    name: 'objects carry the usual labels',
    *check(system) {
      for (const manifest of system.manifests) {
        const { kind, metadata } = manifest.object;
        const labels = metadata.labels ?? {};
        const path = ['metadata', 'labels'];
        if (labels[`${LABEL}/part-of`] !== NAMESPACE) yield breach(manifest, path, `${LABEL}/part-of: ${NAMESPACE}`);
        const isOfAll = kind === 'Namespace' || kind === 'NetworkPolicy';
        if (!isOfAll && labels[`${LABEL}/name`] !== metadata.name)
          yield breach(manifest, path, `${LABEL}/name must be ${metadata.name}`);
      }
      for (const pod of podTemplates(system)) {
        const path = ['spec', 'template', 'metadata', 'labels'];
        for (const [label, value] of Object.entries(expectedLabels(pod, system.facts.version))) {
          if (pod.labels[label] !== value) yield breach(pod.at, [...path, label], `${label} must be ${value}`);
          if (pod.at.object.metadata.labels?.[label] !== value)
            yield breach(pod.at, ['metadata', 'labels', label], `${label} must be ${value}`);
        }
      }
    },
  },
];

/** Our services say their version, which is that of package.json; the others' is in their image's tag. */
function expectedLabels({ name }: PodTemplate, version: string): Record<string, string> {
  const { role = '' } = components[name] ?? {};
  return {
    [`${LABEL}/name`]: name,
    [`${LABEL}/component`]: role,
    [`${LABEL}/part-of`]: NAMESPACE,
    ...(role === 'service' && { [`${LABEL}/version`]: version }),
  };
}
