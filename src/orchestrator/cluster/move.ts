import { pipe } from '../exec.ts';
import { Failure } from '../failure.ts';
import type { Step } from '../steps.ts';
import { done, notYet, until } from '../wait.ts';
import { waitUntilRolledOut } from './deployment.ts';
import { namespace, patiently } from './kubectl.ts';
import type { Kubectl } from './kubectl.ts';
import {
  chooseTarget,
  claimLike,
  claimOf,
  fingerprintScript,
  holderPod,
  movedKey,
  movedOf,
  nodeOfVolume,
  packScript,
} from './move.objects.ts';
import type { Moved, StoreName } from './move.objects.ts';
import { discard, findMoved, goesOn, patchVolume, readClaim, readVolume, shortWaitMs, unmark } from './move.state.ts';
import type { Move } from './move.state.ts';
import { applyObjects } from './apply.ts';
import type { Workload } from './objects.ts';
import { listWorkloads, scale } from './scale.ts';
import type { Session } from './session.ts';

/** Gigabytes through two connections to the API server. */
const copyTimeoutMs = 3_600_000;

/**
 * Moves a database or the broker with its data to another node, for volumes that are tied to one. The old volume goes only when
 * a checked copy is there. Interrupted anywhere, the same command goes on.
 */
export function moveSteps(
  session: Session,
  name: StoreName,
  wanted: string | undefined,
  rolloutTimeoutMs: number,
): Step[] {
  const open = async (say: (line: string) => void): Promise<Move> => {
    return { name, wanted, session, kubectl: await session.kubectl(), say };
  };
  return [
    {
      title: `a copy of the volume of ${name}`,
      plan: () => [`stop ${name}`, `copy its volume to ${wanted ?? 'the other node'}, and compare file by file`],
      run: async (say) => copyVolume(await open(say)),
    },
    {
      title: 'the claim',
      plan: () => [`let the claim ${claimOf[name]} lead to the copy; the old volume goes`],
      run: async (say) => swapVolumes(await open(say)),
    },
    {
      title: name,
      plan: () => [`start ${name} and wait until it is ready`],
      run: async (say) => {
        const { kubectl } = await open(say);
        const workload = await readWorkload(kubectl, name);
        await scale(kubectl, [workload], 1);
        await waitUntilRolledOut(session, [workload], rolloutTimeoutMs, say);
      },
    },
  ];
}

async function copyVolume(move: Move): Promise<void> {
  const { name, wanted, kubectl, say } = move;
  const claim = await readClaim(kubectl, claimOf[name]);
  if (await goesOn(move, claim)) return void (await stopStore(move));
  const volume = claim && (await readVolume(kubectl, claim));
  if (claim === undefined || volume === undefined) {
    throw new Failure('not-running', `${name} has no volume yet.`, { cure: './orchestrator.sh create' });
  }
  const source = nodeOfVolume(volume);
  if (source === undefined) {
    throw new Failure('declined', `The volume of ${name} is tied to no node: its pod moves by itself.`, {
      cure: `kubectl delete pod -l app.kubernetes.io/name=${name} -n microservices`,
    });
  }
  const target = chooseTarget(await kubectl.list('nodes'), source, wanted);
  if (target === source) return say(`${name} is on ${target} already`);
  say(`${name} stops, and goes from ${source} to ${target}`);
  const workload = await stopStore(move);

  const { session } = move;
  const copyName = `${claimOf[name]}-copy`;
  const [from, to] = [`${copyName}-source`, `${copyName}-target`];
  await discard(kubectl, 'pods', from, to);
  await discard(kubectl, 'persistentvolumeclaims', copyName);
  try {
    await applyObjects(kubectl, [
      claimLike(claim, copyName),
      holderPod(workload, claimOf[name], from, { nodeName: source }),
      holderPod(workload, copyName, to, { nodeSelector: { 'kubernetes.io/hostname': target } }),
    ]);
    await copyFiles(move, from, to);
  } finally {
    // After a Ctrl-C as well: a pod that has ended is never ready, and everybody waits for all pods.
    await discard(await session.kubectl(new AbortController().signal), 'pods', from, to);
  }
  const copied = await readVolume(kubectl, (await readClaim(kubectl, copyName))!);
  const { name: copiedName } = copied!.metadata;
  const moved: Moved = {
    from: volume.metadata.name,
    claim: claimLike(claim, claimOf[name], copiedName),
    reclaimPolicy: copied!.spec.persistentVolumeReclaimPolicy,
  };
  await patchVolume(kubectl, copiedName, {
    metadata: { annotations: { [movedKey]: JSON.stringify(moved) } },
    spec: { persistentVolumeReclaimPolicy: 'Retain' },
  });
}

/** @returns the workload, whose pod is gone */
async function stopStore({ name, kubectl, session }: Move): Promise<Workload> {
  const workload = await readWorkload(kubectl, name);
  await scale(kubectl, [workload], 0);
  const noPods = async () => {
    const left = await kubectl.list('pods', `--selector=app.kubernetes.io/name=${name}`);
    return left.length === 0 ? done(undefined) : notYet('its pod is still there');
  };
  const options = { everyMs: 500, signal: session.signal };
  await until(`${name} stops`, shortWaitMs, () => patiently(noPods), options);
  return workload;
}

/** @throws Failure when the copy is not the same in the end */
async function copyFiles({ kubectl, session, say, name }: Move, from: string, to: string): Promise<void> {
  const ready = ['wait', '--for=condition=Ready', `--timeout=${shortWaitMs / 1000}s`, `pod/${from}`, `pod/${to}`];
  await kubectl.run(ready, { timeoutMs: shortWaitMs + 10_000 });
  say('copying');
  const inPod = (pod: string, ...command: string[]): string[] => ['exec', '-i', pod, '--', ...command];
  await pipe(
    kubectl.argv(inPod(from, 'sh', '-c', packScript)),
    kubectl.argv(inPod(to, 'tar', '-C', '/data', '-xf', '-')),
    { timeoutMs: copyTimeoutMs, signal: session.signal },
  );
  const [original, copy] = await Promise.all(
    [from, to].map((pod) => kubectl.run(inPod(pod, 'sh', '-c', fingerprintScript), { timeoutMs: copyTimeoutMs })),
  );
  if (original !== copy) {
    throw new Failure('rollout-failed', `The copy of ${name} differs from the original, which is untouched.`, {
      cure: 'Run it again. To stay where it is: ./orchestrator.sh start',
    });
  }
  say('the copy is the same, file by file');
}

/** Each of these can have been done by an interrupted run. */
async function swapVolumes({ name, kubectl, say, session }: Move): Promise<void> {
  const volume = await findMoved(kubectl, name);
  if (volume === undefined) return;
  const { claim, reclaimPolicy } = movedOf(volume)!;
  const { name: volumeName } = volume.metadata;
  const current = await readClaim(kubectl, claimOf[name]);
  if (current !== undefined && current.spec.volumeName !== volumeName) {
    await discard(kubectl, 'persistentvolumeclaims', claimOf[name]);
  }
  await discard(kubectl, 'persistentvolumeclaims', `${claimOf[name]}-copy`);
  if (current?.spec.volumeName !== volumeName) {
    // Reserved, so that no other claim can take it.
    const claimRef = { name: claimOf[name], namespace, uid: null, resourceVersion: null };
    await patchVolume(kubectl, volumeName, { spec: { claimRef } });
    await applyObjects(kubectl, [claim]);
  }
  const bound = async () => {
    const phase = (await readClaim(kubectl, claimOf[name]))?.status?.phase;
    return phase === 'Bound' ? done(undefined) : notYet(`it is ${phase ?? 'not there'}`);
  };
  await until(`the claim ${claimOf[name]} is bound`, shortWaitMs, () => patiently(bound), {
    everyMs: 500,
    signal: session.signal,
  });
  await unmark(kubectl, volumeName, reclaimPolicy);
  say(`${claimOf[name]} leads to ${volumeName} now`);
}

async function readWorkload(kubectl: Kubectl, name: StoreName): Promise<Workload> {
  const workload = (await listWorkloads(kubectl)).find(({ metadata }) => metadata.name === name);
  if (workload !== undefined) return workload;
  throw new Failure('not-running', `${name} is not in this cluster.`, { cure: './orchestrator.sh create' });
}
