import { Failure, UsageError } from '../failure.ts';
import type { Kubectl } from './kubectl.ts';
import { claimOf, movedKey, movedOf, nodeOfVolume, storeNames } from './move.objects.ts';
import type { Claim, StoreName, Volume } from './move.objects.ts';
import type { Session } from './session.ts';

/** A volume is made, an image pulled, a pod ends within its grace of 120 s. */
export const shortWaitMs = 240_000;

export interface Move {
  name: StoreName;
  /** The node; the only other one when absent. */
  wanted: string | undefined;
  session: Session;
  kubectl: Kubectl;
  say: (line: string) => void;
}

/**
 * Whether an interrupted move has a whole copy that is still the newest: the claim leads to it, or to nothing. While the claim
 * leads to the original, that may have been written since; the copy is forgotten then.
 */
export async function goesOn({ name, wanted, kubectl, say }: Move, claim: Claim | undefined): Promise<boolean> {
  const copied = await findMoved(kubectl, name);
  if (copied === undefined) return false;
  const { from, reclaimPolicy } = movedOf(copied)!;
  const { name: copiedName } = copied.metadata;
  const current = claim?.spec.volumeName;
  if (claim !== undefined && current === from) {
    say('the copy of an interrupted move may be old: it is made again');
    await unmark(kubectl, copiedName, reclaimPolicy);
    return false;
  }
  if (claim !== undefined && current !== copiedName) {
    throw new Failure('rollout-failed', `${name} has got another volume (${current}) since its move was interrupted.`, {
      cure: `Its data is on the volume ${copiedName}. Look at both before you decide: kubectl describe pv ${copiedName} ${current}`,
    });
  }
  const node = nodeOfVolume(copied);
  if (wanted !== undefined && wanted !== node) {
    throw new UsageError(`an interrupted move of ${name} goes to ${node}; finish it first: move ${name} ${node}`);
  }
  say('the copy of an interrupted move is there');
  return true;
}

/** An interrupted move that left its store without a claim: a start would give it an empty volume. @throws Failure */
export async function requireNoMove(kubectl: Kubectl): Promise<void> {
  for (const name of storeNames) {
    if ((await findMoved(kubectl, name)) === undefined || (await readClaim(kubectl, claimOf[name])) !== undefined)
      continue;
    throw new Failure(
      'rollout-failed',
      `A move of ${name} was interrupted; its data lies on a volume without a claim.`,
      {
        cure: `./orchestrator.sh move ${name}`,
      },
    );
  }
}

export async function unmark(kubectl: Kubectl, volume: string, reclaimPolicy: string): Promise<void> {
  await patchVolume(kubectl, volume, {
    metadata: { annotations: { [movedKey]: null } },
    spec: { persistentVolumeReclaimPolicy: reclaimPolicy },
  });
}

export async function findMoved(kubectl: Kubectl, name: StoreName): Promise<Volume | undefined> {
  const volumes = await kubectl.list<Volume>('persistentvolumes');
  return volumes.find((volume) => movedOf(volume)?.claim.metadata.name === claimOf[name]);
}

export async function readClaim(kubectl: Kubectl, name: string): Promise<Claim | undefined> {
  return (await kubectl.list<Claim>('persistentvolumeclaims', `--field-selector=metadata.name=${name}`))[0];
}

export async function readVolume(kubectl: Kubectl, { spec: { volumeName } }: Claim): Promise<Volume | undefined> {
  return volumeName === undefined ? undefined : (await kubectl.list<Volume>('persistentvolumes', volumeName))[0];
}

/** Deletes these where they are, and waits until they are gone. */
export async function discard(kubectl: Kubectl, resource: string, ...names: string[]): Promise<void> {
  await kubectl.run(['delete', resource, ...names, '--ignore-not-found'], { timeoutMs: shortWaitMs });
}

export async function patchVolume(kubectl: Kubectl, name: string, patch: object): Promise<void> {
  await kubectl.run(['patch', 'persistentvolume', name, '--type=merge', `--patch=${JSON.stringify(patch)}`]);
}
