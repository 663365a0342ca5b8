import type { Diagnosis } from './diagnosis.ts';
import { cures, kubectlCommand } from './diagnosis.ts';
import type { Claim, Pod } from './objects.ts';
import { eventsOf } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';

/** A provisioner makes a volume within seconds. */
const provisionMs = 60_000;

/** Claims that have no volume, unless they only wait for their pod to get a node. */
export function diagnoseStorage(snapshot: Snapshot, nowMs: number): Diagnosis[] {
  return snapshot.claims.flatMap((claim) => {
    const cause = claimCause(claim, snapshot, nowMs);
    if (cause === undefined) return [];
    const { name } = claim.metadata;
    const pods = snapshot.pods.filter((pod) => mounts(pod, name)).map(({ metadata }) => metadata.name);
    return { level: 'error', subject: `volume ${name}`, explains: [name, ...pods], ...cause };
  });
}

const mounts = ({ spec }: Pod, claim: string): boolean =>
  (spec.volumes ?? []).some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === claim);

function claimCause(
  claim: Claim,
  snapshot: Snapshot,
  nowMs: number,
): Pick<Diagnosis, 'message' | 'cure' | 'evidence' | 'final'> | undefined {
  if (claim.status.phase === 'Bound') return undefined;
  if (claim.status.phase === 'Lost') {
    return {
      message: 'its PersistentVolume is gone, and the data with it',
      cure: cures(
        kubectlCommand(`delete pvc ${claim.metadata.name}`),
        './orchestrator.sh deploy   # makes an empty volume',
      ),
      final: true,
    };
  }
  const [event] = eventsOf(snapshot, 'PersistentVolumeClaim', claim.metadata);
  const evidence = event?.message ?? '';
  const storageClass = claim.spec.storageClassName;
  if (/no storage class is set/.test(evidence) || (event === undefined && storageClass === undefined)) {
    return {
      message: 'the cluster has no default StorageClass that would make a volume',
      cure: cures(
        'kubectl get storageclass',
        `kubectl patch storageclass NAME -p '{"metadata":{"annotations":{"storageclass.kubernetes.io/is-default-class":"true"}}}'`,
      ),
      evidence,
      final: true,
    };
  }
  if (/storageclass.* not found/.test(evidence)) {
    return {
      message: `there is no StorageClass ${storageClass ?? ''}, which it asks for`,
      cure: cures(
        'kubectl get storageclass   # which are there?',
        kubectlCommand(`describe pvc ${claim.metadata.name}`),
      ),
      evidence,
      final: true,
    };
  }
  if (event?.type === 'Warning') {
    return {
      message: 'its volume could not be made',
      cure: kubectlCommand(`describe pvc ${claim.metadata.name}`),
      evidence,
    };
  }
  const isWaiting = event?.reason === 'ExternalProvisioning' || event?.reason === 'Provisioning';
  if (!isWaiting || nowMs - Date.parse(claim.metadata.creationTimestamp) < provisionMs) return undefined;
  return {
    message: 'nobody makes its volume: the provisioner does not work',
    cure: 'kubectl get pods -n kube-system   # with K3s: does local-path-provisioner run?',
    evidence,
  };
}
