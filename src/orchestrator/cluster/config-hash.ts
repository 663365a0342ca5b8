import { createHash } from 'node:crypto';
import { annotate } from './images.ts';
import type { KubernetesObject } from './kubectl.ts';
import { isWorkload } from './objects.ts';
import type { Workload } from './objects.ts';

/**
 * The same objects, each pod template marked with a hash of the ConfigMaps it mounts, so that a change of them makes new
 * pods. Services are marked with their Secrets too; databases and the broker are told of a new password while they run.
 */
export function markConfiguration(objects: readonly KubernetesObject[]): KubernetesObject[] {
  return objects.map((object) => {
    if (!isWorkload(object)) return object;
    const names = new Set(configurationOf(object));
    if (names.size === 0) return object;
    const parts = objects.filter(({ kind, metadata }) => names.has(`${kind}/${metadata.name}`));
    const content = parts.map(({ kind, metadata, data, stringData }) => [kind, metadata.name, data, stringData]);
    const hash = createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
    const template = annotate(object.spec.template, 'microservices/config-hash', hash);
    return { ...object, spec: { ...object.spec, template } };
  });
}

function configurationOf({ spec: { template } }: Workload): string[] {
  const isService = template.metadata.labels['app.kubernetes.io/component'] === 'service';
  return (template.spec.volumes ?? []).flatMap(({ configMap, secret }) => {
    if (configMap !== undefined) return [`ConfigMap/${configMap.name}`];
    return secret !== undefined && isService ? [`Secret/${secret.secretName}`] : [];
  });
}
