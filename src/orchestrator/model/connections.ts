import type { Labels, NetworkPolicy, PodSpec } from './kubernetes.ts';
import { CLIENT, NAMESPACE, arrows, components } from './picture.ts';
import type { Endpoint } from './reachability.ts';
import { openFirewall } from './reachability.ts';

const NAME = 'kubernetes.io/metadata.name';

/** The namespace of the system, by its labels. */
export const home: Labels = { [NAME]: NAMESPACE };

/** Whoever is not a pod of the cluster. */
export const outside: Endpoint = { name: CLIENT };

const resolver: Endpoint = pod('the DNS', 'kube-system', { 'k8s-app': 'kube-dns' });

/** Those who have no part in the system. */
const strangers: readonly Endpoint[] = [
  outside,
  resolver,
  pod('a pod beside the DNS', 'kube-system', { app: 'stranger' }),
  pod('a pod of another namespace', 'default', { app: 'stranger' }),
];

/** A pod that has no part in the system and lies in its namespace: from the next release, or from somebody who got in. */
const newcomer: Endpoint = pod('a new pod', NAMESPACE, {});

/** Ports on which nobody of ours listens: SSH, HTTPS and the API server. */
const otherPorts = [22, 443, 6443];

function pod(name: string, namespace: string, labels: Labels, ports: Labels = {}): Endpoint {
  return { name, pod: { namespace: namespace === NAMESPACE ? home : { [NAME]: namespace }, labels, ports } };
}

/** A part of the system, and what its pods look like. */
export interface Member {
  name: string;
  labels: Labels;
  spec: PodSpec;
}

/** A pod of the system, with the numbers of its named ports. */
export function endpointOf({ name, labels, spec }: Member): Endpoint {
  const ports = portsOf(spec).map((each) => [each.name, String(each.containerPort)]);
  return pod(name, NAMESPACE, labels, Object.fromEntries(ports));
}

const portsOf = ({ containers }: PodSpec) => containers.flatMap(({ ports = [] }) => ports);

/** One that should not be, or should: `client → rabbitmq:5672 (TCP) is open`. */
export interface WrongConnection {
  from: Endpoint;
  to: Endpoint;
  port: number;
  protocol: 'TCP' | 'UDP';
  is: 'open' | 'shut';
}

export const showConnection = ({ from, to, port, protocol, is }: WrongConnection): string =>
  `${show(from.name, to.name, port)} (${protocol}) is ${is}`;

const show = (from: string, to: string, port: number): string => `${from} → ${to}:${port}`;

/** Where the policies let through other connections than the picture shows, between the system's pods and strangers. */
export function wrongConnections(policies: readonly NetworkPolicy[], members: readonly Member[]): WrongConnection[] {
  const isAllowed = openFirewall(policies, home);
  const inside = [...members.map(endpointOf), newcomer];
  const everyone = [...inside, ...strangers];
  const ports = [
    ...new Set([
      ...members.flatMap(({ spec }) => portsOf(spec).map(({ containerPort }) => containerPort)),
      53,
      ...otherPorts,
    ]),
  ];
  const wanted = wantedConnections();
  const wrong: WrongConnection[] = [];
  for (const protocol of ['TCP', 'UDP'] as const)
    for (const from of everyone)
      for (const to of everyone) {
        if (from === to || !(inside.includes(from) || inside.includes(to))) continue;
        for (const port of ports) {
          const name = show(from.name, to.name, port);
          const isWanted = wanted.has(name) && (protocol === 'TCP' || to === resolver);
          if (isAllowed(from, to, port, protocol) === isWanted) continue;
          wrong.push({ from, to, port, protocol, is: isWanted ? 'shut' : 'open' });
        }
      }
  return wrong;
}

/** The gateway is there for everyone, and so it is for every pod. */
function wantedConnections(): Set<string> {
  const ours = [...Object.keys(components), newcomer.name];
  const everyone = [...ours, ...strangers.map(({ name }) => name)];
  const toGateway = arrows.filter(([from]) => from === CLIENT);
  return new Set([
    ...arrows.map((arrow) => show(...arrow)),
    ...toGateway.flatMap(([, to, port]) => everyone.filter((from) => from !== to).map((from) => show(from, to, port))),
    ...ours.map((name) => show(name, resolver.name, 53)),
  ]);
}
