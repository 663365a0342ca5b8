import type {
  DisruptionBudget,
  LabelSelector,
  NetworkPolicy,
  Service,
} from '@orchestrator/orchestrator/model/kubernetes.ts';
import type { Path } from '@orchestrator/orchestrator/model/path.ts';
import { components } from '@orchestrator/orchestrator/model/picture.ts';
import { selects } from '@orchestrator/orchestrator/model/selectors.ts';
import { breach, containersOf, named, ofKind, podTemplates } from './system.ts';
import type { PodTemplate, Rule, System, Typed } from './system.ts';

const show = (selector: LabelSelector): string => JSON.stringify(selector.matchLabels ?? selector);

/** The names of those whose pods a selector chooses. */
function chosen(system: System, selector: LabelSelector): string[] {
  return podTemplates(system)
    .filter(({ labels }) => selects(selector, labels))
    .map(({ name }) => name);
}

function podsOf(system: System, service: Typed<Service>): PodTemplate[] {
  return podTemplates(system).filter(({ labels }) =>
    selects({ matchLabels: service.object.spec.selector ?? {} }, labels),
  );
}

/** Number of the port that a name or number means in a pod; undefined when it has none such. */
export function portOf(pod: PodTemplate, port: number | string): number | undefined {
  const ports = containersOf(pod).flatMap(({ container }) => container.ports ?? []);
  return ports.find(({ name, containerPort }) => (typeof port === 'number' ? containerPort : name) === port)
    ?.containerPort;
}

/** How the parts of the system find each other. */
export const wiringRules: readonly Rule[] = [
  {
    name: 'a workload, its Service and its budget choose its own pods',
    *check(system) {
      for (const { at, name, spec, path } of podTemplates(system)) {
        const selectors: Array<[Path, LabelSelector]> = [
          [['spec', 'selector'], at.object.spec.selector ?? {}],
          ...(spec.topologySpreadConstraints ?? []).map(({ labelSelector = {} }, index): [Path, LabelSelector] => [
            [...path, 'topologySpreadConstraints', index, 'labelSelector'],
            labelSelector,
          ]),
        ];
        for (const [where, selector] of selectors)
          if (chosen(system, selector).join() !== name)
            yield breach(at, where, `${show(selector)} chooses ${chosen(system, selector).join(', ') || 'nothing'}`);
      }
      const others: Array<[Typed<Service | DisruptionBudget>, LabelSelector]> = [
        ...ofKind<Service>(system, 'Service').map((each): [typeof each, LabelSelector] => [
          each,
          { matchLabels: each.object.spec.selector ?? {} },
        ]),
        ...ofKind<DisruptionBudget>(system, 'PodDisruptionBudget').map((each): [typeof each, LabelSelector] => [
          each,
          each.object.spec.selector ?? {},
        ]),
      ];
      for (const [at, selector] of others)
        if (chosen(system, selector).join() !== at.object.metadata.name)
          yield breach(
            at,
            ['spec', 'selector'],
            `${show(selector)} chooses ${chosen(system, selector).join(', ') || 'nothing'}`,
          );
    },
  },
  {
    name: 'every network policy chooses something',
    *check(system) {
      for (const policy of ofKind<NetworkPolicy>(system, 'NetworkPolicy')) {
        const { podSelector = {}, ingress = [], egress = [] } = policy.object.spec;
        const peers: Array<[Path, LabelSelector | undefined]> = [
          ...ingress.flatMap(({ from = [] }, rule) =>
            from.map((peer, index): [Path, LabelSelector | undefined] => [
              ['spec', 'ingress', rule, 'from', index],
              peer.namespaceSelector ? undefined : peer.podSelector,
            ]),
          ),
          ...egress.flatMap(({ to = [] }, rule) =>
            to.map((peer, index): [Path, LabelSelector | undefined] => [
              ['spec', 'egress', rule, 'to', index],
              peer.namespaceSelector ? undefined : peer.podSelector,
            ]),
          ),
        ];
        for (const [path, selector] of [[['spec', 'podSelector'], podSelector] as const, ...peers])
          if (selector && chosen(system, selector).length === 0)
            yield breach(policy, path, `${show(selector)} chooses nothing`);
      }
    },
  },
  {
    name: 'a Service leads to a port that its pods have',
    *check(system) {
      for (const service of ofKind<Service>(system, 'Service'))
        for (const [index, { port, targetPort = port }] of (service.object.spec.ports ?? []).entries())
          for (const pod of podsOf(system, service))
            if (portOf(pod, targetPort) === undefined)
              yield breach(service, ['spec', 'ports', index, 'targetPort'], `${pod.name} has no port ${targetPort}`);
    },
  },
  {
    name: 'Services offer the ports of the picture, to clients port 30000 alone',
    *check(system) {
      for (const [name, { ports }] of Object.entries(components)) {
        const service = named<Service>(system, 'Service', name);
        if (!service) continue;
        const { type = 'ClusterIP', ports: found = [] } = service.object.spec;
        if (found.map(({ port }) => port).join() !== ports.join())
          yield breach(service, ['spec', 'ports'], `must be ${ports.join(', ')}`);
        const isOpen = name === 'api-gateway';
        if (type !== (isOpen ? 'NodePort' : 'ClusterIP'))
          yield breach(service, ['spec', 'type'], `must not be ${type}`);
        if (isOpen && found[0]?.nodePort !== 30_000)
          yield breach(service, ['spec', 'ports', 0, 'nodePort'], 'must be 30000');
      }
    },
  },
  {
    name: 'the Service of a StatefulSet is headless',
    *check(system) {
      for (const { at, name } of podTemplates(system)) {
        if (at.object.kind !== 'StatefulSet') continue;
        const { serviceName = '' } = at.object.spec;
        const service = named<Service>(system, 'Service', serviceName);
        if (serviceName !== name) yield breach(at, ['spec', 'serviceName'], `must be ${name}`);
        else if (service && service.object.spec.clusterIP !== 'None')
          yield breach(service, ['spec', 'clusterIP'], 'must be None: the StatefulSet names its pods through it');
      }
    },
  },
];
