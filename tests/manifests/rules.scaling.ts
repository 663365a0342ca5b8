import type { Autoscaler, DisruptionBudget } from '@orchestrator/orchestrator/model/kubernetes.ts';
import { components } from '@orchestrator/orchestrator/model/picture.ts';
import { quantity } from '@orchestrator/orchestrator/model/quantity.ts';
import { breach, containers, named, ofKind, podTemplates } from './system.ts';
import type { PodTemplate, Rule } from './system.ts';

const MIN_REPLICAS = 1;
const MAX_REPLICAS = 3;
const CPU_PERCENT = 60;

/** Two machines as the contract has them, without what Kubernetes and the system beside it need. */
const NODE_COUNT = 2;
const NODE_CPUS = 2 - 0.5;
const NODE_BYTES = 2e9 - 700e6;

const isAutoscaled = (name: string): boolean => components[name]?.autoscaled === true;

/** How many pods there are, when there are most. */
export function mostReplicas({ at, name }: PodTemplate): number {
  return isAutoscaled(name) ? MAX_REPLICAS : (at.object.spec.replicas ?? 1);
}

/** How many pods there are of each part, and that there is room for them. */
export const scalingRules: readonly Rule[] = [
  {
    name: 'autoscalers keep 1 to 3 pods at 60 % CPU',
    *check(system) {
      for (const { at, name } of podTemplates(system).filter((pod) => isAutoscaled(pod.name))) {
        const autoscaler = named<Autoscaler>(system, 'HorizontalPodAutoscaler', name);
        if (!autoscaler) {
          yield breach(at, ['metadata', 'name'], 'has no autoscaler');
          continue;
        }
        const { minReplicas, maxReplicas, metrics = [], scaleTargetRef } = autoscaler.object.spec;
        if (minReplicas !== MIN_REPLICAS) yield breach(autoscaler, ['spec', 'minReplicas'], `must be ${MIN_REPLICAS}`);
        if (maxReplicas !== MAX_REPLICAS) yield breach(autoscaler, ['spec', 'maxReplicas'], `must be ${MAX_REPLICAS}`);
        if (scaleTargetRef.name !== name) yield breach(autoscaler, ['spec', 'scaleTargetRef'], `must be ${name}`);
        const [metric, ...more] = metrics;
        const target = metric?.resource?.name === 'cpu' ? metric.resource.target : undefined;
        if (target?.averageUtilization !== CPU_PERCENT || target.type !== 'Utilization' || more.length > 0)
          yield breach(
            autoscaler,
            ['spec', 'metrics'],
            `must be ${CPU_PERCENT} % of the requested CPU, and nothing else`,
          );
      }
    },
  },
  {
    name: 'an apply does not overrule an autoscaler, and all else is one pod',
    *check(system) {
      for (const { at, name } of podTemplates(system)) {
        const { replicas } = at.object.spec;
        if (replicas !== (isAutoscaled(name) ? undefined : 1))
          yield breach(at, ['spec', 'replicas'], isAutoscaled(name) ? 'belongs to the autoscaler' : 'must be 1');
      }
    },
  },
  {
    name: 'containers say what they need',
    *check(system) {
      for (const { pod, container, path } of containers(system)) {
        const { requests = {}, limits = {} } = container.resources ?? {};
        // Without a CPU request a percentage is of nothing, and the autoscaler does nothing.
        for (const resource of ['cpu', 'memory'])
          if (!(quantity(requests[resource]) > 0))
            yield breach(pod.at, [...path, 'resources', 'requests'], `${resource} is missing`);
        if (limits['memory'] === undefined) yield breach(pod.at, [...path, 'resources', 'limits'], 'memory is missing');
        else if (quantity(limits['memory']) < quantity(requests['memory']))
          yield breach(pod.at, [...path, 'resources', 'limits', 'memory'], 'is less than what is requested');
        if (limits['cpu'] !== undefined)
          yield breach(
            pod.at,
            [...path, 'resources', 'limits', 'cpu'],
            'slows the pod down while the node has time to spare',
          );
      }
    },
  },
  {
    name: 'all pods fit on the two nodes, with autoscalers at their maximum and a rollout going on',
    *check(system) {
      for (const [resource, room] of [
        ['cpu', NODE_COUNT * NODE_CPUS],
        ['memory', NODE_COUNT * NODE_BYTES],
      ] as const) {
        const needed = podTemplates(system).reduce(
          (sum, pod) => sum + podsDuringRollout(pod) * request(pod, resource),
          0,
        );
        const largest = podTemplates(system).toSorted((a, b) => request(b, resource) - request(a, resource))[0];
        if (largest && needed > room)
          yield breach(largest.at, largest.path, `${resource}: ${needed} is requested, the nodes have ${room}`);
      }
    },
  },
  {
    name: 'a rollout has a new pod ready before an old one goes',
    *check(system) {
      for (const { at, name } of podTemplates(system).filter((pod) => isAutoscaled(pod.name))) {
        const { type = 'RollingUpdate', rollingUpdate } = at.object.spec.strategy ?? {};
        if (type !== 'RollingUpdate' || rollingUpdate?.maxUnavailable !== 0)
          yield breach(at, ['spec', 'strategy'], `${name} must roll with maxUnavailable: 0`);
      }
    },
  },
  {
    name: 'a node can be drained',
    *check(system) {
      for (const budget of ofKind<DisruptionBudget>(system, 'PodDisruptionBudget')) {
        const { maxUnavailable, minAvailable, unhealthyPodEvictionPolicy } = budget.object.spec;
        const { name } = budget.object.metadata;
        if (!isAutoscaled(name))
          yield breach(budget, ['metadata', 'name'], `the one pod of ${name} could never be moved`);
        if (minAvailable !== undefined || maxUnavailable !== 1)
          yield breach(budget, ['spec'], 'must be maxUnavailable: 1, for there may be one pod');
        if (unhealthyPodEvictionPolicy !== 'AlwaysAllow')
          yield breach(
            budget,
            ['spec', 'unhealthyPodEvictionPolicy'],
            'must be AlwaysAllow: a broken pod protects nothing',
          );
      }
      for (const { at, name } of podTemplates(system))
        if (isAutoscaled(name) && !named(system, 'PodDisruptionBudget', name))
          yield breach(at, ['metadata', 'name'], 'has no budget');
    },
  },
];

function podsDuringRollout(pod: PodTemplate): number {
  return mostReplicas(pod) + (isAutoscaled(pod.name) ? 1 : 0);
}

function request({ spec }: PodTemplate, resource: string): number {
  return spec.containers.reduce((sum, container) => sum + quantity(container.resources?.requests?.[resource]), 0);
}
