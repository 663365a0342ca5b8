import { namespace } from '../../cluster/kubectl.ts';
import type { Kubectl, KubernetesObject } from '../../cluster/kubectl.ts';
import type { Service, Workload } from '../../model/kubernetes.ts';
import { arrows, components } from '../../model/picture.ts';
import { Broken } from '../promise.ts';
import type { Destination } from '../../cluster/connect.node.ts';
import { isReady, partName, staying } from './objects.ts';
import type { LivePod } from './objects.ts';
import { probeLabel } from './probes.ts';
import type { Probe } from './probes.ts';

/** What is connected to: a port of a part of the system, or something that the system has no business with. */
export interface Target extends Destination {
  name: string;
}

/** In the namespace, and no part of the system. */
const newPod = 'a new pod';

/** On the pod that a policy of its own shuts off. */
const fenceLabel = `${probeLabel}-fenced`;

/** The probes: one that looks like each part, one that is nobody, and two in another namespace. */
export function probesFor(
  parts: readonly Workload[],
  tag: string,
): { members: Probe[]; stranger: Probe; outsider: Probe; fenced: Probe } {
  const members = parts.map(({ metadata: { name }, spec: { template } }) => {
    return { title: name, name: `${tag}-${name}`, namespace, labels: template.metadata.labels ?? {} };
  });
  const stranger = { title: newPod, name: `${tag}-stranger`, namespace, labels: {}, listens: true } as const;
  const beside = { namespace: tag, listens: true } as const;
  return {
    members,
    stranger,
    outsider: { ...beside, title: 'a pod of another namespace', name: `${tag}-outsider`, labels: {} },
    fenced: { ...beside, title: 'a pod behind a policy', name: `${tag}-fenced`, labels: { [fenceLabel]: 'yes' } },
  };
}

/** A namespace for what has no place among the system's pods. */
export const outsideNamespace = (tag: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: tag, labels: { [probeLabel]: tag } },
});

/** Nobody may connect to this one. */
export const fence = ({ namespace, labels }: Probe): KubernetesObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'fence', namespace },
  spec: { podSelector: { matchLabels: labels }, policyTypes: ['Ingress'] },
});

/** Every port of every part, at one of its pods, and the API server. @throws Broken when a part has no ready pod */
export async function listTargets(kubectl: Kubectl, parts: readonly Workload[]): Promise<Target[]> {
  const pods = staying(await kubectl.list<LivePod>('pods')).filter(isReady);
  const [api] = await kubectl.list<Service & { kind: 'Service' }>(
    'services',
    '--namespace=default',
    '--field-selector=metadata.name=kubernetes',
  );
  const targets = parts.flatMap(({ metadata: { name }, spec }) => {
    const host = pods.find((pod) => partName(pod) === name)?.status.podIP;
    if (host === undefined) throw new Broken(`${name} has no ready pod to connect to`, './orchestrator.sh status');
    const ports = spec.template.spec.containers.flatMap(({ ports = [] }) => ports);
    return ports.map(({ containerPort: port }) => ({ name, host, port }));
  });
  const server = api?.spec.clusterIP;
  return server === undefined ? targets : [...targets, { name: 'the API server', host: server, port: 443 }];
}

/** Whom a probe tries, and whether the picture has an arrow there; everyone may ask for names, and come to the gateway. */
export function destinationsFrom(
  { title: from, namespace: home }: Probe,
  targets: readonly Target[],
): Array<Destination & { title: string; isAllowed: boolean }> {
  // What lies outside does with other things outside as it likes.
  const meant = targets.filter(
    ({ name }) => name !== from && (home === namespace || name in components || name === newPod),
  );
  const tried = meant.map(({ name, host, port }) => ({
    host,
    ...(port !== undefined && { port }),
    title: `${name}:${port}`,
    isAllowed: isDrawn(from, name, port),
  }));
  return [...tried, { host: `api-gateway.${namespace}.svc`, title: 'the DNS', isAllowed: true }];
}

const isDrawn = (from: string, to: string, port: number | undefined): boolean =>
  arrows.some((arrow) => arrow[0] === from && arrow[1] === to && arrow[2] === port) ||
  arrows.some((arrow) => arrow[0] === 'client' && arrow[1] === to && arrow[2] === port);
