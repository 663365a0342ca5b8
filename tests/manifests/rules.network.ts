import {
  endpointOf,
  home,
  outside,
  showConnection,
  wrongConnections,
} from '@orchestrator/orchestrator/model/connections.ts';
import type { NetworkPolicy } from '@orchestrator/orchestrator/model/kubernetes.ts';
import { arrows } from '@orchestrator/orchestrator/model/picture.ts';
import { openFirewall } from '@orchestrator/orchestrator/model/reachability.ts';
import { selects } from '@orchestrator/orchestrator/model/selectors.ts';
import { breach, ofKind, podTemplates } from './system.ts';
import type { Rule, System, Typed } from './system.ts';

const show = (from: string, to: string, port: number): string => `${from} → ${to}:${port}`;

function policiesOf(system: System): Array<Typed<NetworkPolicy>> {
  return ofKind<NetworkPolicy>(system, 'NetworkPolicy');
}

export const networkRules: readonly Rule[] = [
  {
    name: 'who reaches whom is what the picture shows',
    *check(system) {
      const [first] = policiesOf(system);
      if (!first) return;
      const policies = policiesOf(system).map(({ object }) => object);
      for (const wrong of wrongConnections(policies, podTemplates(system)))
        yield breach(first, [], showConnection(wrong));
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
      const inside = podTemplates(system).map(endpointOf);
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
