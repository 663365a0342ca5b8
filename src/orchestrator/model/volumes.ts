import type { Workload } from './kubernetes.ts';

/** Paths in a pod at which data lies that outlives it. */
export function dataMounts({ spec }: Workload): string[] {
  const pod = spec.template.spec;
  const templates = (spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name);
  const claimed = (pod.volumes ?? []).filter((volume) => volume.persistentVolumeClaim).map(({ name }) => name);
  const mounts = pod.containers.flatMap((container) => container.volumeMounts ?? []);
  return mounts.filter(({ name }) => [...templates, ...claimed].includes(name)).map(({ mountPath }) => mountPath);
}
