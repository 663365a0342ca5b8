import { nodePort } from '../../cluster/answers.ts';
import { nameOf } from '../../cluster/objects.ts';
import type { Service } from '../../model/kubernetes.ts';
import { components, metricsPort } from '../../model/picture.ts';
import { selects } from '../../model/selectors.ts';
import type { Outcome } from '../check.ts';
import { deployAgain, judge } from './live.ts';
import type { Fault } from './live.ts';
import { ofKind, partsOf } from './objects.ts';
import type { Objects } from './objects.ts';

/** The Service through which clients come. */
const clientService = 'api-gateway';

/** Each part has its Service, with its ports, and a ready pod behind it. */
export function decideServices(objects: Objects): Outcome {
  const services = ofKind(objects, 'Service');
  const faults = Object.entries(components).flatMap(([name, { ports }]): Fault[] => {
    const service = services.find(({ metadata }) => metadata.name === name);
    if (service === undefined) return [{ what: `there is no Service ${name}`, cure: deployAgain }];
    const found = (service.spec.ports ?? []).map(({ port }) => port);
    const wrong = ports.filter((port) => !found.includes(port));
    return [
      ...wrong.map((port) => `Service ${name} does not offer port ${port}, it offers ${found.join(', ')}`),
      ...wiringFaults(objects, service),
    ].map((what) => ({ what, cure: deployAgain }));
  });
  const shown = Object.entries(components).map(([name, { ports }]) => `${name} ${ports.join(' and ')}`);
  return judge(faults, shown.join(', '));
}

/** What lies between a Service and the pods behind it. */
function wiringFaults(objects: Objects, service: Service): string[] {
  const { name } = service.metadata;
  const part = partsOf(objects).find(({ metadata }) => metadata.name === name);
  const { selector = {}, ports = [] } = service.spec;
  if (part !== undefined && !selects({ matchLabels: selector }, part.spec.template.metadata.labels ?? {}))
    return [`Service ${name} selects ${JSON.stringify(selector)}, which the pods of ${nameOf(part)} are not`];
  const own = part?.spec.template.spec.containers.flatMap(({ ports = [] }) => ports);
  const wrong = ports.flatMap(({ port, targetPort = port }): string[] => {
    const target = own?.find((each) => [each.name, each.containerPort].includes(targetPort))?.containerPort;
    // Whether the part is there is another promise.
    if (own === undefined || target === port) return [];
    return [`Service ${name}: port ${port} leads to ${targetPort}, where nothing of ${name} is`];
  });
  const ready = ofKind(objects, 'EndpointSlice')
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name)
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false);
  return ready.length > 0 ? wrong : [...wrong, `Service ${name} has no ready pod behind it`];
}

/** Clients come in at port 30000 of every node, and nowhere else. */
export function decideEntrance(objects: Objects): Outcome {
  const faults = ofKind(objects, 'Service').flatMap((service): Fault[] => {
    const { type = 'ClusterIP', ports = [], externalIPs = [] } = service.spec;
    const { name } = service.metadata;
    const opens = [
      ...ports.flatMap(({ port, nodePort: open }) => (open === undefined ? [] : [`${open} → ${port}`])),
      ...externalIPs,
    ];
    if (name === clientService) {
      const right = type === 'NodePort' && opens.join() === `${nodePort} → 3000`;
      const what = `Service ${name} is a ${type} with ${opens.join(', ') || 'no port of the nodes'}; it must be a NodePort ${nodePort} → 3000`;
      return right ? [] : [{ what, cure: deployAgain }];
    }
    if (type === 'ClusterIP' && opens.length === 0) return [];
    const what = `Service ${name} is a ${type} and opens ${opens.join(', ') || 'itself'} to clients of the cluster`;
    return [{ what, cure: `kubectl delete service ${name} -n microservices, then ${deployAgain}` }];
  });
  const isThere = ofKind(objects, 'Service').some(({ metadata }) => metadata.name === clientService);
  if (!isThere) faults.push({ what: `there is no Service ${clientService}`, cure: deployAgain });
  return judge(faults, `only Service ${clientService}: ${nodePort} → 3000`);
}

/** No Service leads to the port of the metrics. */
export function decideMetricsPrivate(objects: Objects): Outcome {
  const faults = ofKind(objects, 'Service').flatMap(({ metadata: { name }, spec }): Fault[] =>
    (spec.ports ?? [])
      .filter(({ port, targetPort }) => [port, targetPort].some((each) => each === metricsPort || each === 'metrics'))
      .map(({ port }) => ({
        what: `Service ${name} leads to the metrics, at port ${port}`,
        cure: `kubectl delete service ${name} -n microservices, then ${deployAgain}`,
      })),
  );
  return judge(faults, `no Service has port ${metricsPort}`);
}
