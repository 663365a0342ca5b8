import type { Kubectl } from '../../cluster/kubectl.ts';
import { done, DeadlineError, notYet, until } from '../../wait.ts';
import type { Walk } from '../check.ts';
import { Broken } from '../promise.ts';
import { connectToAll } from '../../cluster/connect.node.ts';
import type { Destination } from '../../cluster/connect.node.ts';
import { runInside } from '../../cluster/inside.node.ts';
import { partsOf } from './objects.ts';
import { placeProbes, probePod, probePort, removeProbes } from './probes.ts';
import type { Probe } from './probes.ts';
import { destinationsFrom, fence, listTargets, outsideNamespace, probesFor } from './survey.plan.ts';
import type { Target } from './survey.plan.ts';

/** A connection that was tried. */
export interface Tried {
  from: string;
  to: string;
  isAllowed: boolean;
  /** `open`, or why it is not. */
  attempt: string;
}

export interface Survey {
  /** Whether this network keeps to policies at all, as pods of our own show, beside the system. */
  enforces: boolean;
  tried: readonly Tried[];
}

/** Within a cluster an answer takes milliseconds; the rest is what a busy node adds. */
const connectTimeoutMs = 3_000;

/** A network may take some seconds to learn of a new pod (https://github.com/k3s-io/k3s/issues/947). */
const settleTimeoutMs = 15_000;

/** Between two rounds, each a process on every probe. */
const settlePauseMs = 3_000;

const surveys = new Map<string, Promise<Survey>>();

/** Both promises of the network rest on one survey a walk: it takes a minute. */
export async function surveyOf(kubectl: Kubectl, walk: Walk): Promise<Survey> {
  const known = surveys.get(walk.tag) ?? survey(kubectl, walk);
  surveys.clear();
  surveys.set(walk.tag, known);
  return known;
}

/** Tries every connection between the parts of the system, and with strangers, from probe pods; removes them afterwards. */
async function survey(kubectl: Kubectl, { tag, signal, say }: Walk): Promise<Survey> {
  const parts = partsOf(await kubectl.list('deployments,statefulsets'));
  const targets = await listTargets(kubectl, parts);
  const image = parts.find(({ metadata }) => metadata.name === 'api-gateway')?.spec.template.spec.containers[0]?.image;
  if (image === undefined)
    throw new Broken('there is no api-gateway to take an image from', './orchestrator.sh deploy');
  const { fenced, outsider, stranger, members } = probesFor(parts, tag);
  const probes = [...members, stranger, outsider, fenced];
  say(`placing ${probes.length} probe pods`);
  try {
    const pods = probes.map((probe) => probePod(probe, tag, image));
    const addresses = await placeProbes(kubectl, [outsideNamespace(tag), fence(fenced), ...pods], signal);
    const addressOf = ({ name }: Probe): string => addresses.get(name) ?? '';
    const enforces = await doesEnforce(kubectl, { fenced, outsider, address: addressOf(fenced) }, signal);
    say(`${enforces ? 'this network enforces policies' : 'this network does not enforce policies'}: trying every pair`);
    const listening = [stranger, outsider].map((probe) => ({
      name: probe.title,
      host: addressOf(probe),
      port: probePort,
    }));
    const from = [...members, stranger, outsider];
    const tried = await tryAll(kubectl, from, [...targets, ...listening], { enforces, signal });
    return { enforces, tried };
  } finally {
    say('removing the probe pods');
    await removeProbes(kubectl);
  }
}

/** The control: a policy shuts one pod of ours off from another; without it both are open to each other. */
async function doesEnforce(
  kubectl: Kubectl,
  { fenced, outsider, address }: { fenced: Probe; outsider: Probe; address: string },
  signal: AbortSignal,
): Promise<boolean> {
  const reach = async (from: Probe): Promise<string> =>
    (await connectFrom(kubectl, from, [{ host: address, port: probePort }]))[0] ?? 'no answer';
  const options = { everyMs: settlePauseMs, signal };
  const listens = async () => {
    const attempt = await reach(fenced);
    return attempt === 'open' ? done(undefined) : notYet(attempt);
  };
  await until('a probe pod listens', settleTimeoutMs, listens, options);
  const isShut = async () => {
    const attempt = await reach(outsider);
    return attempt === 'open' ? notYet(attempt) : done(true);
  };
  return until('a policy is enforced', settleTimeoutMs, isShut, options).catch((error: unknown) => {
    if (error instanceof DeadlineError) return false;
    throw error;
  });
}

/** Again and again until all is as it should be, or the network has had its time. */
async function tryAll(
  kubectl: Kubectl,
  probes: readonly Probe[],
  targets: readonly Target[],
  { enforces, signal }: { enforces: boolean; signal: AbortSignal },
): Promise<Tried[]> {
  let tried: Tried[] = [];
  const isSettled = ({ isAllowed, attempt }: Tried): boolean =>
    isAllowed ? attempt === 'open' : !enforces || attempt !== 'open';
  const round = async () => {
    const rounds = await Promise.all(probes.map((probe) => tryFrom(kubectl, probe, targets)));
    tried = rounds.flat();
    const unsettled = tried.filter((each) => !isSettled(each));
    return unsettled.length === 0 ? done(undefined) : notYet(`${unsettled.length} connections`);
  };
  await until('every connection', settleTimeoutMs, round, { everyMs: settlePauseMs, signal }).catch(
    (error: unknown) => {
      if (!(error instanceof DeadlineError)) throw error;
    },
  );
  return tried;
}

async function tryFrom(kubectl: Kubectl, probe: Probe, targets: readonly Target[]): Promise<Tried[]> {
  const destinations = destinationsFrom(probe, targets);
  const attempts = await connectFrom(kubectl, probe, destinations);
  return destinations.map(({ title, isAllowed }, index) => ({
    from: probe.title,
    to: title,
    isAllowed,
    attempt: attempts[index] ?? 'no answer',
  }));
}

const connectFrom = (kubectl: Kubectl, probe: Probe, destinations: readonly Destination[]): Promise<string[]> =>
  runInside(kubectl, probe.name, connectToAll, { destinations, timeoutMs: connectTimeoutMs }, [
    `--namespace=${probe.namespace}`,
  ]);
