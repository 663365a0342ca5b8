import { UsageError } from '../failure.ts';
import type { KubernetesObject } from './kubectl.ts';
import { namespace } from './kubectl.ts';
import type { Workload } from './objects.ts';

/** The components that have data of their own, and the claim of each. */
export const claimOf = {
  'inventory-database': 'data-inventory-database-0',
  'billing-database': 'data-billing-database-0',
  rabbitmq: 'rabbitmq',
} as const;
export type StoreName = keyof typeof claimOf;

export const storeNames = Object.keys(claimOf) as StoreName[];

export interface Claim extends KubernetesObject {
  spec: { accessModes: string[]; resources: unknown; storageClassName?: string; volumeName?: string };
  status?: { phase?: string };
}

export interface Volume extends KubernetesObject {
  spec: {
    persistentVolumeReclaimPolicy: string;
    claimRef?: { name: string; namespace: string };
    nodeAffinity?: { required?: { nodeSelectorTerms: { matchExpressions?: Requirement[] }[] } };
  };
  status?: { phase?: string };
}

interface Requirement {
  key: string;
  values?: string[];
}

const hostname = 'kubernetes.io/hostname';

/** The node that a volume is tied to; undefined for one that every node reaches. */
export function nodeOfVolume({ spec }: Volume): string | undefined {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  return terms.flatMap(({ matchExpressions = [] }) => matchExpressions).find(({ key }) => key === hostname)
    ?.values?.[0];
}

/**
 * On a volume that holds a whole, checked copy: the claim that shall lead to it, and what becomes of the volume with that claim
 * (its reclaim policy). Written before the old claim goes, so that an interrupted move can go on.
 */
export const movedKey = 'microservices/moved';

export interface Moved {
  claim: KubernetesObject;
  /** The volume that it is a copy of. */
  from: string;
  reclaimPolicy: string;
}

export function movedOf({ metadata }: Volume): Moved | undefined {
  const text = metadata.annotations?.[movedKey];
  return text === undefined ? undefined : (JSON.parse(text) as Moved);
}

interface Node extends KubernetesObject {
  spec: { unschedulable?: boolean };
  status: { conditions: { type: string; status: string }[] };
}

/**
 * Where to: the node that is named, or the only other one that takes pods.
 * @throws UsageError
 */
export function chooseTarget(nodes: readonly Node[], source: string, wanted: string | undefined): string {
  const usable = nodes.filter(
    ({ spec, status }) =>
      spec.unschedulable !== true &&
      status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  );
  const names = usable.map(({ metadata }) => metadata.name);
  if (wanted !== undefined && wanted !== source) {
    if (names.includes(wanted)) return wanted;
    throw new UsageError(`${wanted} is no node that takes pods now; those that do: ${names.join(', ')}`);
  }
  if (wanted === source) return source;
  const others = names.filter((name) => name !== source);
  if (others.length === 1) return others[0]!;
  throw new UsageError(
    others.length === 0 ? 'no other node takes pods now' : `which node? One of: ${others.join(', ')}`,
  );
}

/** A claim like another, under another name or on a given volume. */
export function claimLike(
  { apiVersion, kind, metadata, spec }: Claim,
  name: string,
  volumeName?: string,
): KubernetesObject {
  const { accessModes, resources, storageClassName } = spec;
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, labels: metadata.labels ?? {} },
    spec: { accessModes, resources, storageClassName, ...(volumeName && { volumeName }) },
  };
}

/**
 * A pod that does nothing but hold a claim open, with the image and the rights of the store itself.
 * @param place `nodeName` passes the scheduler by, so that a cordoned node can still be left; `nodeSelector` asks it to make the volume
 */
export function holderPod(workload: Workload, claim: string, name: string, place: object): KubernetesObject {
  const { containers, securityContext } = workload.spec.template.spec;
  const [container] = containers;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/part-of': 'microservices' } },
    spec: {
      ...place,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: 'Exists' }],
      securityContext,
      containers: [
        {
          name: 'copy',
          image: container?.image,
          imagePullPolicy: 'IfNotPresent',
          // Longer than all that is done with it; whoever is killed meanwhile leaves nothing for ever.
          command: ['sleep', '10800'],
          resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '128Mi' } },
          securityContext: container?.['securityContext'],
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim } }],
    },
  };
}

/** All files of a volume but its root, whose owner and mode are the provisioner's affair. */
export const packScript = 'cd /data && ls -A | tar -cf - -T -';

/** One line that is the same for the same files with the same content. */
export const fingerprintScript = 'cd /data && find . -type f -exec sha256sum {} + | sort -k 2 | sha256sum';
