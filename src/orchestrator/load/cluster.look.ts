import type { Kubectl } from '../cluster/kubectl.ts';
import { partOfSystem } from '../cluster/scale.ts';
import type { Autoscaler, Workload } from '../diagnosis/objects.ts';
import { CommandError } from '../exec.ts';
import { Failure } from '../failure.ts';
import type { Look, PodCount, Usage } from './samples.ts';

/** What metrics-server tells of a pod (https://github.com/kubernetes/metrics, v1beta1). */
export interface PodMetrics {
  metadata: { name: string; labels?: Readonly<Record<string, string>> };
  containers: readonly { usage: { cpu?: string; memory?: string } }[];
}

const scaled = 'horizontalpodautoscalers.v2.autoscaling,deployments.apps';

/** Asks the API server for autoscalers, their pods, and what all pods use. A cluster that is too busy to tell is asked again later. */
export function lookAtCluster(kubectl: Kubectl): Look {
  const metrics = async (): Promise<PodMetrics[]> => {
    try {
      return (await kubectl.list('pods.metrics.k8s.io', partOfSystem)) as unknown as PodMetrics[];
    } catch (error) {
      // Without metrics-server there are pods all the same.
      if (isSilence(error)) return [];
      throw error;
    }
  };
  return async () => {
    try {
      const [objects, pods] = await Promise.all([kubectl.list(scaled, partOfSystem), metrics()]);
      return { pods: podCounts(objects as unknown as (Autoscaler | Workload)[]), usage: usageOf(pods) };
    } catch (error) {
      if (isSilence(error)) return undefined;
      throw error;
    }
  };
}

const isSilence = (error: unknown): boolean =>
  error instanceof CommandError ||
  error instanceof SyntaxError ||
  (error instanceof Failure && error.kind === 'unreachable');

/** Autoscalers with the workloads that they scale. */
export function podCounts(objects: readonly (Autoscaler | Workload)[]): PodCount[] {
  const autoscalers = objects.filter((object) => object.kind === 'HorizontalPodAutoscaler');
  return autoscalers.map(({ metadata, spec, status }) => {
    const { kind, name } = spec.scaleTargetRef;
    const workload = objects.find((object) => object.kind === kind && object.metadata.name === name) as
      | Workload
      | undefined;
    const current = status.currentMetrics?.find(({ resource }) => resource?.name === 'cpu')?.resource;
    const target = spec.metrics?.find(({ resource }) => resource?.name === 'cpu')?.resource;
    return {
      name: metadata.name,
      ready: workload?.status.readyReplicas ?? 0,
      wanted: status.desiredReplicas ?? 0,
      min: spec.minReplicas ?? 1,
      cpuPercent: current?.current.averageUtilization ?? null,
      targetPercent: target?.target.averageUtilization ?? null,
    };
  });
}

/** Pods added up by component. */
export function usageOf(pods: readonly PodMetrics[]): Usage[] {
  const byName = Map.groupBy(pods, ({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] ?? metadata.name);
  return [...byName]
    .map(([name, own]) => {
      const containers = own.flatMap(({ containers }) => containers);
      const sum = (unit: 'cpu' | 'memory'): number =>
        containers.reduce((total, { usage }) => total + quantity(usage[unit] ?? '0'), 0);
      return { name, cpuMillicores: Math.round(sum('cpu') * 1000), memoryBytes: Math.round(sum('memory')) };
    })
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/** A quantity of Kubernetes in cores or bytes: `250m` is 0.25, `64Mi` is 67108864. */
export function quantity(text: string): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(text) ?? [];
  const factor = factors[unit];
  if (digits === undefined || factor === undefined) throw new SyntaxError(`${text} is no quantity of Kubernetes`);
  return Number(digits) * factor;
}
