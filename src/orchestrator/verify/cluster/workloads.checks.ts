import type { Check } from '../check.ts';
import { ofObjects } from './live.ts';
import { ofKind, partsOf } from './objects.ts';
import type { EndpointSlice } from './objects.ts';
import { decideAutoscalers, decideMetrics, decideRequests } from './scaling.ts';
import { decideEntrance, decideMetricsPrivate, decideServices } from './services.ts';
import { decideImages, decideKinds, decideProbes, decideReady } from './workloads.ts';
import { decideClaims, decideMounts } from './volumes.ts';

const workloads = 'deployments,statefulsets';

export const workloadChecks: readonly Check[] = [
  ofObjects({
    id: 'workloads.kinds',
    promise: 'api-gateway, inventory-app and rabbitmq are Deployments, billing-app and the databases StatefulSets',
    resources: workloads,
    decide: decideKinds,
  }),
  ofObjects({
    id: 'workloads.images',
    promise: 'Our images are USER/NAME with a version; databases and broker run the official images',
    resources: workloads,
    decide: decideImages,
  }),
  ofObjects({
    id: 'workloads.ready',
    promise: 'Every part has all its pods, of its newest version, and ready; databases and broker have one',
    resources: workloads,
    decide: decideReady,
    mayHeal: (objects) => partsOf(objects).every(({ spec }) => spec.replicas !== 0 && !spec.paused),
  }),
  ofObjects({
    id: 'workloads.probes',
    promise: 'Every part is probed; services answer at /health/live and /health/ready',
    resources: workloads,
    decide: decideProbes,
  }),
  ofObjects({
    id: 'services.ports',
    promise: 'Every part has its Service with its ports, and a ready pod behind it',
    resources: `${workloads},services,endpointslices`,
    decide: decideServices,
    mayHeal: (objects) => ofKind(objects, 'EndpointSlice').some(isWaiting),
  }),
  ofObjects({
    id: 'services.entrance',
    promise:
      'Clients come in through the NodePort 30000 of api-gateway, which leads to 3000, and through no other Service',
    resources: 'services',
    decide: decideEntrance,
  }),
  ofObjects({
    id: 'services.metrics-private',
    promise: 'No Service leads to the port of the metrics, 9464',
    resources: 'services',
    decide: decideMetricsPrivate,
  }),
  ofObjects({
    id: 'scaling.autoscalers',
    promise: 'api-gateway and inventory-app are autoscaled: min 1, max 3, CPU 60 %',
    resources: 'horizontalpodautoscalers',
    decide: decideAutoscalers,
  }),
  ofObjects({
    id: 'scaling.metrics',
    promise: 'The autoscalers see the load of their pods',
    resources: 'horizontalpodautoscalers',
    decide: decideMetrics,
    mayHeal: (objects) => objects.length > 0,
  }),
  ofObjects({
    id: 'scaling.requests',
    promise: 'Every container requests CPU and memory, which the percentage of an autoscaler is of',
    resources: workloads,
    decide: decideRequests,
  }),
  ofObjects({
    id: 'volumes.bound',
    promise: 'Databases and broker have their PersistentVolumeClaims, all of them Bound',
    resources: 'persistentvolumeclaims',
    decide: decideClaims,
  }),
  ofObjects({
    id: 'volumes.mounted',
    promise: 'The volumes are mounted where the data lies, and outlive their pods',
    resources: workloads,
    decide: decideMounts,
  }),
];

/** Of a pod that is not ready yet. */
const isWaiting = ({ endpoints }: EndpointSlice): boolean =>
  endpoints?.some(({ conditions }) => conditions?.ready === false) ?? false;
