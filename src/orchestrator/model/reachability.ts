import type { Labels, NetworkPeer, NetworkPolicy, NetworkPort } from './kubernetes.ts';
import { selects } from './selectors.ts';

/** One end of a connection: a pod, or, without labels, a machine outside the cluster. */
export interface Endpoint {
  name: string;
  /** Of its namespace and of itself; absent outside the cluster. */
  pod?: { namespace: Labels; labels: Labels; ports: Labels };
}

type Direction = 'Ingress' | 'Egress';

interface Rule {
  peers: NetworkPeer[] | undefined;
  ports: NetworkPort[] | undefined;
}

/** Whether one end may open a connection to another. */
export type Firewall = (from: Endpoint, to: Endpoint, port: number, protocol?: string) => boolean;

/**
 * The network as policies make it: a pod that any policy isolates in a direction may do in it what some policy allows, and
 * nothing else (https://kubernetes.io/docs/concepts/services-networking/network-policies/).
 */
export function openFirewall(policies: readonly NetworkPolicy[], home: Labels): Firewall {
  const known = new Map<string, Rule[] | undefined>();
  const rules = (end: Endpoint, direction: Direction): Rule[] | undefined => {
    const key = `${direction} ${end.name}`;
    if (!known.has(key)) known.set(key, rulesFor(policies, home, end, direction));
    return known.get(key);
  };
  return (from, to, port, protocol = 'TCP') =>
    passes(rules(from, 'Egress'), to, to, port, protocol, home) &&
    passes(rules(to, 'Ingress'), from, to, port, protocol, home);
}

/**
 * Which policies open a connection at one of its ends: the incoming side, or the outgoing.
 * @returns undefined when none isolates that end, so that everything is open there
 */
export function openedBy(
  policies: readonly NetworkPolicy[],
  home: Labels,
  connection: { from: Endpoint; to: Endpoint; port: number; protocol: string },
  direction: Direction,
): NetworkPolicy[] | undefined {
  const { from, to, port, protocol } = connection;
  const [end, peer] = direction === 'Ingress' ? [to, from] : [from, to];
  const isolating = policies.filter((policy) => rulesFor([policy], home, end, direction) !== undefined);
  if (isolating.length === 0) return undefined;
  return isolating.filter((policy) => passes(rulesFor([policy], home, end, direction), peer, to, port, protocol, home));
}

/** What is allowed to one end in a direction; undefined when nothing is forbidden. */
function rulesFor(
  policies: readonly NetworkPolicy[],
  home: Labels,
  { pod }: Endpoint,
  direction: Direction,
): Rule[] | undefined {
  if (!pod || !isSame(pod.namespace, home)) return undefined;
  const mine = policies.filter(
    ({ spec }) => selects(spec.podSelector ?? {}, pod.labels) && directionsOf(spec).includes(direction),
  );
  if (mine.length === 0) return undefined;
  return mine.flatMap(({ spec }): Rule[] =>
    direction === 'Ingress'
      ? (spec.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
      : (spec.egress ?? []).map(({ to, ports }) => ({ peers: to, ports })),
  );
}

/** Without `policyTypes` a policy isolates its pods from incoming connections, and from outgoing ones if it names any. */
function directionsOf(spec: NetworkPolicy['spec']): string[] {
  return spec.policyTypes ?? (spec.egress ? ['Ingress', 'Egress'] : ['Ingress']);
}

function passes(
  rules: Rule[] | undefined,
  peer: Endpoint,
  target: Endpoint,
  port: number,
  protocol: string,
  home: Labels,
): boolean {
  if (!rules) return true;
  // An absent list means all, and so does an empty one.
  return rules.some(
    ({ peers = [], ports = [] }) =>
      (peers.length === 0 || peers.some((each) => isPeer(each, peer, home))) &&
      (ports.length === 0 || ports.some((each) => isPort(each, target, port, protocol))),
  );
}

function isPeer({ podSelector, namespaceSelector, ipBlock }: NetworkPeer, { pod }: Endpoint, home: Labels): boolean {
  // Addresses of pods are not to be relied on: a block is for what is outside.
  if (ipBlock) return !pod;
  if (!pod) return false;
  const isThere = namespaceSelector ? selects(namespaceSelector, pod.namespace) : isSame(pod.namespace, home);
  return isThere && (podSelector === undefined || selects(podSelector, pod.labels));
}

function isPort(each: NetworkPort, target: Endpoint, port: number, protocol: string): boolean {
  if ((each.protocol ?? 'TCP') !== protocol) return false;
  if (each.port === undefined) return true;
  const first = typeof each.port === 'number' ? each.port : Number(target.pod?.ports[each.port]);
  return port >= first && port <= (each.endPort ?? first);
}

function isSame(a: Labels, b: Labels): boolean {
  const name = 'kubernetes.io/metadata.name';
  return a[name] === b[name];
}
