import { components } from '../../model/picture.ts';
import { quantity } from '../../model/quantity.ts';
import type { Outcome } from '../check.ts';
import { deployAgain, judge } from './live.ts';
import type { Fault } from './live.ts';
import { containersOf, ofKind, partsOf } from './objects.ts';
import type { LiveAutoscaler, Objects } from './objects.ts';

/** https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/: percent are of what the containers request. */
const wanted = { min: 1, max: 3, cpuPercent: 60 } as const;

const autoscaled = Object.keys(components).filter((name) => components[name]?.autoscaled);

/** api-gateway and inventory-app, and nothing else, are kept between 1 and 3 pods at 60 % CPU. */
export function decideAutoscalers(objects: Objects): Outcome {
  const found = ofKind(objects, 'HorizontalPodAutoscaler');
  const targets = found.map(({ spec }) => `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`);
  const faults: Fault[] = autoscaled
    .filter((name) => !targets.includes(`Deployment/${name}`))
    .map((name) => ({ what: `no HorizontalPodAutoscaler scales the Deployment ${name}`, cure: deployAgain }));
  for (const autoscaler of found) {
    const { name } = autoscaler.metadata;
    const { kind, name: target } = autoscaler.spec.scaleTargetRef;
    if (!autoscaled.includes(target))
      faults.push({
        what: `the HorizontalPodAutoscaler ${name} scales ${kind} ${target}, which must not be scaled by load`,
        cure: `kubectl delete hpa ${name} -n microservices`,
      });
    else faults.push(...numberFaults(autoscaler).map((what) => ({ what, cure: deployAgain })));
  }
  return judge(faults, `${autoscaled.join(' and ')}: 1 to 3 pods, CPU 60 %`);
}

function numberFaults({ metadata, spec }: LiveAutoscaler): string[] {
  const { minReplicas = 1, maxReplicas, metrics = [] } = spec;
  const title = `HorizontalPodAutoscaler ${metadata.name}`;
  const [metric, ...more] = metrics;
  const cpu = metric?.resource?.name === 'cpu' ? metric.resource.target.averageUtilization : undefined;
  const measured = metrics.map(({ type, resource }) => resource?.name ?? type).join(', ');
  return [
    ...(minReplicas === wanted.min ? [] : [`${title}: minReplicas is ${minReplicas}, and must be ${wanted.min}`]),
    ...(maxReplicas === wanted.max ? [] : [`${title}: maxReplicas is ${maxReplicas}, and must be ${wanted.max}`]),
    ...(cpu === wanted.cpuPercent
      ? []
      : [`${title}: the CPU target is ${cpu === undefined ? 'none' : `${cpu} %`}, and must be ${wanted.cpuPercent} %`]),
    ...(more.length === 0 ? [] : [`${title}: looks at ${measured}, and must look at the CPU alone`]),
  ];
}

/** The autoscalers see load: a number, not `<unknown>`. */
export function decideMetrics(objects: Objects): Outcome {
  const found = ofKind(objects, 'HorizontalPodAutoscaler').filter(({ spec }) =>
    autoscaled.includes(spec.scaleTargetRef.name),
  );
  const faults = found.flatMap((autoscaler): Fault[] => {
    const active = autoscaler.status?.conditions?.find(({ type }) => type === 'ScalingActive');
    if (active?.status === 'True' && loadOf(autoscaler) !== undefined) return [];
    return [
      {
        what: `the autoscaler of ${autoscaler.metadata.name} sees no load: ${active?.message ?? 'it has not looked yet'}`,
        cure: 'kubectl top pods -n microservices must show CPU: kubectl get apiservice v1beta1.metrics.k8s.io tells whether metrics-server answers',
      },
    ];
  });
  if (found.length === 0) faults.push({ what: 'there is no autoscaler', cure: deployAgain });
  const loads = found.map((one) => `${one.metadata.name} ${loadOf(one)} % with ${one.status?.currentReplicas} pods`);
  return judge(faults, `CPU now: ${loads.join(', ')}`);
}

const loadOf = ({ status }: LiveAutoscaler): number | undefined =>
  status?.currentMetrics?.find(({ resource }) => resource?.name === 'cpu')?.resource?.current.averageUtilization;

/** Every container says what it needs, and how much memory it may take. */
export function decideRequests(objects: Objects): Outcome {
  const all = partsOf(objects).flatMap(containersOf);
  const faults = all.flatMap(({ container: { resources = {} }, title }) => {
    const { requests = {}, limits = {} } = resources;
    const missing = ['cpu', 'memory'].filter((resource) => !(quantity(requests[resource]) > 0));
    return [
      ...missing.map((resource) => `${title} requests no ${resource}`),
      ...(quantity(limits['memory']) > 0 ? [] : [`${title} has no limit of memory`]),
    ];
  });
  const shown = all.map(({ container }) => `${container.name} ${container.resources?.requests?.['cpu']}`);
  return judge(
    faults.map((what) => ({ what, cure: deployAgain })),
    `CPU requested: ${shown.join(', ')}`,
  );
}
