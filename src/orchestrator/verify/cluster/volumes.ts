import { claimOf } from '../../cluster/move.objects.ts';
import { nameOf } from '../../cluster/objects.ts';
import type { Workload } from '../../model/kubernetes.ts';
import { components } from '../../model/picture.ts';
import { dataMounts } from '../../model/volumes.ts';
import type { Outcome } from '../check.ts';
import { deployAgain, judge } from './live.ts';
import type { Fault } from './live.ts';
import { ofKind, partsOf } from './objects.ts';
import type { Objects } from './objects.ts';

/** Every claim has its volume. */
export function decideClaims(objects: Objects): Outcome {
  const found = ofKind(objects, 'PersistentVolumeClaim');
  const faults: Fault[] = Object.entries(claimOf)
    .filter(([, claim]) => !found.some(({ metadata }) => metadata.name === claim))
    .map(([part, claim]) => ({ what: `there is no claim ${claim} for ${part}`, cure: deployAgain }));
  for (const { metadata, status } of found) {
    if (status?.phase === 'Bound') continue;
    faults.push({
      what: `the claim ${metadata.name} is ${status?.phase ?? 'new'}, not Bound`,
      cure: `kubectl describe pvc ${metadata.name} -n microservices tells why; kubectl get storageclass must show a default one`,
    });
  }
  const shown = found.map((each) => `${each.metadata.name} ${each.status?.capacity?.['storage']}`);
  return judge(faults, `Bound: ${shown.join(', ')}`);
}

/** The volumes are mounted where the data lies, and outlive whoever uses them. */
export function decideMounts(objects: Objects): Outcome {
  const stores = partsOf(objects).filter(({ metadata }) => components[metadata.name]?.role !== 'service');
  const faults = stores.flatMap((part) => mountFaults(part).map((what) => ({ what, cure: deployAgain })));
  return judge(faults, stores.map((part) => `${part.metadata.name}: ${dataMounts(part).join()}`).join(', '));
}

function mountFaults(part: Workload): string[] {
  const { template, persistentVolumeClaimRetentionPolicy: retention = {} } = part.spec;
  const mounts = dataMounts(part);
  const folder = dataFolder(part);
  const isKept = mounts.some((mount) => folder === mount || folder.startsWith(`${mount}/`));
  const mounted = mounts.length === 0 ? 'no claim is mounted' : `claims are mounted at ${mounts.join(', ')}`;
  const node = valueOf(template.spec.containers[0]?.env, 'RABBITMQ_NODENAME');
  const host = node.split('@')[1];
  const isBroker = components[part.metadata.name]?.role === 'broker';
  return [
    ...(isKept ? [] : [`${nameOf(part)} has its data at ${folder}, and ${mounted}: it would be lost with the pod`]),
    // The folder of its data is called after it: under the pod's random name each restart would find an empty broker.
    ...(!isBroker || (host !== undefined && ['localhost', template.spec.hostname].includes(host))
      ? []
      : [
          `${nameOf(part)} has the name "${node}" (RABBITMQ_NODENAME), which does not outlive its pod: its queues would be lost`,
        ]),
    ...(['whenDeleted', 'whenScaled'] as const)
      .filter((when) => retention[when] === 'Delete')
      .map((when) => `${nameOf(part)} deletes its claim ${when}: the data must outlive the pods`),
  ];
}

function dataFolder({ metadata, spec }: Workload): string {
  if (components[metadata.name]?.role === 'broker') return '/var/lib/rabbitmq/mnesia';
  return valueOf(spec.template.spec.containers[0]?.env, 'PGDATA') || '/var/lib/postgresql/data';
}

const valueOf = (env: readonly { name: string; value?: string }[] = [], wanted: string): string =>
  env.find(({ name }) => name === wanted)?.value ?? '';
