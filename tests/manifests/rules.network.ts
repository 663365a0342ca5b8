import type { NetworkPolicy } from './kubernetes.ts';
import { CLIENT, NAMESPACE, arrows, components } from './picture.ts';
import type { Endpoint } from './reachability.ts';
import { openFirewall } from './reachability.ts';
import { selects } from './selectors.ts';
import { breach, ofKind, podTemplates } from './system.ts';
import type { Rule, System, Typed } from './system.ts';

const NAME = 'kubernetes.io/metadata.name';
const home = { [NAME]: NAMESPACE };

/** Those who have no part in the system. */
const outside: Endpoint = { name: CLIENT };
const resolver: Endpoint = pod('the DNS', 'kube-system', { 'k8s-app': 'kube-dns' });
const strangers: readonly Endpoint[] = [
  outside,
  resolver,
  pod('a pod beside the DNS', 'kube-system', { app: 'stranger' }),
  pod('a pod of another namespace', 'default', { app: 'stranger' }),
];

/** Ports on which nobody of ours listens: SSH, HTTPS and the API server. */
const otherPorts = [22, 443, 6443];

function pod(name: string, namespace: string, labels: Record<string, string>, ports = {}): Endpoint {
  return { name, pod: { namespace: { [NAME]: namespace }, labels, ports } };
}

/** The pods of the system, with the numbers of their named ports. */
function members(system: System): Endpoint[] {
  return podTemplates(system).map(({ name, labels, spec }) => {
    const ports = spec.containers.flatMap((container) => container.ports ?? []);
    return pod(
      name,
      NAMESPACE,
      labels,
      Object.fromEntries(ports.map((each) => [each.name, String(each.containerPort)])),
    );
  });
}

/** Every port that any pod has, and some that none has. */
function allPorts(system: System): number[] {
  const own = podTemplates(system).flatMap(({ spec }) => spec.containers.flatMap((container) => container.ports ?? []));
  return [...new Set([...own.map(({ containerPort }) => containerPort), 53, ...otherPorts])];
}

/** Everyone who may speak first, to whom, at which port: as "from → to:port". */
function connections(system: System, protocol: string): Set<string> {
  const policies = policiesOf(system).map(({ object }) => object);
  const isAllowed = openFirewall(policies, home);
  const ports = allPorts(system);
  const inside = members(system);
  const everyone = [...inside, ...strangers];
  const found = everyone.flatMap((from) =>
    everyone.flatMap((to) =>
      from === to || !(inside.includes(from) || inside.includes(to))
        ? []
        : ports.filter((port) => isAllowed(from, to, port, protocol)).map((port) => show(from.name, to.name, port)),
    ),
  );
  return new Set(found);
}

const show = (from: string, to: string, port: number): string => `${from} → ${to}:${port}`;

/** The gateway is there for everyone, and so it is for every pod. */
function expected(): Set<string> {
  const everyone = [...Object.keys(components), ...strangers.map(({ name }) => name)];
  const toGateway = arrows.filter(([from]) => from === CLIENT);
  return new Set([
    ...arrows.map((arrow) => show(...arrow)),
    ...toGateway.flatMap(([, to, port]) => everyone.filter((from) => from !== to).map((from) => show(from, to, port))),
    ...Object.keys(components).map((name) => show(name, resolver.name, 53)),
  ]);
}

function policiesOf(system: System): Array<Typed<NetworkPolicy>> {
  return ofKind<NetworkPolicy>(system, 'NetworkPolicy');
}

export const networkRules: readonly Rule[] = [
  {
    name: 'who reaches whom is what the picture shows',
    *check(system) {
      const [first] = policiesOf(system);
      if (!first) return;
      for (const protocol of ['TCP', 'UDP']) {
        const wanted = [...expected()].filter((each) => protocol === 'TCP' || each.endsWith(`${resolver.name}:53`));
        const found = connections(system, protocol);
        for (const each of wanted) if (!found.has(each)) yield breach(first, [], `${each} (${protocol}) is shut`);
        for (const each of found) if (!wanted.includes(each)) yield breach(first, [], `${each} (${protocol}) is open`);
      }
    },
  },
  {
    name: 'the first policy denies everything to everyone',
    *check(system) {
      const denies = policiesOf(system).some(
        ({ object: { metadata, spec } }) =>
          metadata.name === 'default-deny' &&
          Object.keys(spec.podSelector ?? {}).length === 0 &&
          spec.policyTypes?.toSorted().join() === 'Egress,Ingress' &&
          !spec.ingress &&
          !spec.egress,
      );
      const [first] = system.manifests.filter(({ file }) => file === 'network-policies.yaml');
      if (first && !denies) yield breach(first, ['spec'], 'default-deny must deny both directions to every pod');
    },
  },
  {
    name: 'each arrow has one policy, each policy one arrow',
    *check(system) {
      const counted = new Map<string, number>(arrows.map((arrow) => [show(...arrow), 0]));
      const inside = members(system);
      for (const policy of policiesOf(system)) {
        if (!policy.object.spec.ingress) continue;
        const mine = arrows.filter(([from, to, port]) => {
          const source = inside.find(({ name }) => name === from) ?? outside;
          const target = inside.find(({ name }) => name === to);
          // A policy says nothing of the pods that it does not choose.
          if (!target?.pod || !selects(policy.object.spec.podSelector, target.pod.labels)) return false;
          return openFirewall([policy.object], home)(source, target, port);
        });
        // "client" stands for everyone: that policy has the one arrow as well.
        if (mine.length !== 1)
          yield breach(
            policy,
            ['spec', 'ingress'],
            `opens ${mine.length} arrows: ${mine.map((each) => show(...each)).join(', ')}`,
          );
        for (const arrow of mine) counted.set(show(...arrow), (counted.get(show(...arrow)) ?? 0) + 1);
      }
      const [first] = policiesOf(system);
      for (const [arrow, count] of counted)
        if (first && count !== 1) yield breach(first, [], `${arrow} has ${count} policies`);
    },
  },
];
