import { namespace, patiently } from '../../cluster/kubectl.ts';
import type { Kubectl, KubernetesObject } from '../../cluster/kubectl.ts';
import { done, notYet, until } from '../../wait.ts';
import type { LivePod } from './objects.ts';

/** Everything that a walk makes in a cluster carries this label; its value is the tag of the walk. */
export const probeLabel = 'microservices/verify';

const startTimeoutMs = 120_000;
const goneTimeoutMs = 120_000;

/** A walk that is killed leaves probes that end by themselves. */
const lifetimeS = 600;

/** Where probes listen. */
export const probePort = 8080;

export interface Probe {
  /** For people. */
  title: string;
  name: string;
  namespace: string;
  labels: Record<string, string>;
  /** Whether it takes connections, on `probePort`. */
  listens?: true;
}

/**
 * A pod that does nothing until it is asked to. It looks like those of a part of the system to policies, and to nobody else: it is
 * never ready, so no Service sends to it and no autoscaler counts it; its name and its missing owner keep ReplicaSets and
 * StatefulSets away.
 */
export function probePod(probe: Probe, tag: string, image: string): KubernetesObject {
  const { name, namespace, labels, listens } = probe;
  const wait = `setTimeout(() => undefined, ${lifetimeS * 1000})`;
  const listen = `require('node:net').createServer((socket) => socket.destroy()).listen(${probePort}); ${wait}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { ...labels, [probeLabel]: tag } },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: lifetimeS,
      terminationGracePeriodSeconds: 1,
      readinessGates: [{ conditionType: `${probeLabel}-is-never-ready` }],
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'probe',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: listens ? ['node', '-e', listen] : ['sleep', String(lifetimeS)],
          // Without a request the autoscaler of its namesakes could not tell a percentage.
          resources: { requests: { cpu: '5m', memory: '16Mi' }, limits: { memory: '256Mi' } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  };
}

/** Makes these objects and returns the addresses of the pods among them, by name, once all of them run. */
export async function placeProbes(
  kubectl: Kubectl,
  objects: readonly KubernetesObject[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const names = objects.filter(({ kind }) => kind === 'Pod').map(({ metadata }) => metadata.name);
  const byNamespace = Map.groupBy(objects, ({ metadata }) => metadata.namespace ?? namespace);
  for (const [place, items] of byNamespace) {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    await kubectl.run(['create', `--namespace=${place}`, '-f', '-'], { input });
  }
  const look = async () => {
    const pods = await listProbes(kubectl);
    const waiting = names.filter((name) => pods.find((pod) => pod.metadata.name === name)?.status.phase !== 'Running');
    if (waiting.length > 0) return notYet(`${waiting.join(', ')} do not run`);
    return done(new Map(pods.map(({ metadata, status }) => [metadata.name, status.podIP ?? ''])));
  };
  return until('the probe pods run', startTimeoutMs, () => patiently(look), { everyMs: 500, signal });
}

const listProbes = (kubectl: Kubectl): Promise<LivePod[]> =>
  kubectl.list<LivePod>('pods', '--all-namespaces', `--selector=${probeLabel}`);

/** Removes all probes, of any walk, and returns when they are gone. */
export async function removeProbes(kubectl: Kubectl): Promise<void> {
  const marked = `--selector=${probeLabel}`;
  const [pods, namespaces] = [await listProbes(kubectl), await kubectl.list('namespaces', marked)];
  if (pods.length + namespaces.length === 0) return;
  const wait = `--timeout=${goneTimeoutMs / 1000}s`;
  const options = { timeoutMs: goneTimeoutMs + 10_000 };
  await kubectl.run(['delete', 'pods', marked, wait], options);
  if (namespaces.length > 0) await kubectl.run(['delete', 'namespaces', marked, wait], options);
  await removeEvents(
    kubectl,
    pods.filter((pod) => pod.metadata.namespace === namespace),
  );
}

/** `status` shows the last events: those of our pods, and of budgets that wondered about them, are nobody's affair. */
async function removeEvents(kubectl: Kubectl, pods: readonly LivePod[]): Promise<void> {
  const about = pods.map(({ metadata }) => `involvedObject.uid=${metadata.uid}`);
  for (const selector of [...about, 'reason=UnmanagedPods'])
    await kubectl.run(['delete', 'events', `--field-selector=${selector}`]);
}
