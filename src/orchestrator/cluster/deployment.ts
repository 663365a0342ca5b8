import { Failure } from '../failure.ts';
import { readImageRecord } from '../images/record.ts';
import { repository } from '../files.ts';
import type { Step } from '../steps.ts';
import { duration } from '../terminal.ts';
import { DeadlineError } from '../wait.ts';
import { waitForAnswers } from './answers.ts';
import { applyObjects } from './apply.ts';
import { markConfiguration } from './config-hash.ts';
import { decideCredentials } from './credentials.ts';
import { failRollout, failWhenHopeless } from './explain.ts';
import { nameImages } from './images.ts';
import type { Kubectl, KubernetesObject } from './kubectl.ts';
import { readManifests } from './manifests.ts';
import { isSecret, isWorkload, nameOf } from './objects.ts';
import type { Secret, Workload } from './objects.ts';
import { tellPasswords } from './passwords.ts';
import { waitForRollout } from './rollout.ts';
import { requireNoMove } from './move.state.ts';
import { listWorkloads, removeEndedPods, scale } from './scale.ts';
import type { Session } from './session.ts';
import { freeStuckPods } from './stuck-pods.ts';

export interface DeployOptions {
  /** Of our images, instead of the version that stands in the manifests. */
  tag?: string | undefined;
  /** How long one group of workloads may take to roll out. */
  rolloutTimeoutMs: number;
  /** Names of Secrets whose passwords are made anew. */
  fresh?: readonly string[];
}

/** What is applied together; each group waits until the one before it works. */
interface Plan {
  namespace: KubernetesObject[];
  secrets: Secret[];
  configuration: KubernetesObject[];
  stores: Workload[];
  services: Workload[];
  scaling: KubernetesObject[];
}

/** The steps that bring the manifests into the cluster, in the order in which the parts need each other. */
export function deploySteps(session: Session, options: DeployOptions): Step[] {
  let plan: Promise<Plan> | undefined;
  const planned = (): Promise<Plan> => (plan ??= planDeployment(session, options));
  const names = async (...parts: (keyof Plan)[]): Promise<string[]> => {
    const objects = await planOffline(session, options);
    return [
      `apply ${parts
        .flatMap((part) => objects[part])
        .map(nameOf)
        .join(', ')}`,
    ];
  };
  const rollOut = async (
    workloads: readonly Workload[],
    say: (line: string) => void,
    meanwhile: () => Promise<void> = async () => undefined,
  ): Promise<void> => {
    const kubectl = await session.kubectl();
    await applyObjects(kubectl, workloads);
    await scaleFromNone(kubectl, workloads);
    await meanwhile();
    await waitUntilRolledOut(session, workloads, options.rolloutTimeoutMs, say);
  };
  return [
    {
      title: 'namespace, credentials, configuration, network policies',
      plan: () => names('namespace', 'secrets', 'configuration'),
      run: async () => {
        const { namespace, secrets, configuration } = await planned();
        const kubectl = await session.kubectl();
        await applyObjects(kubectl, namespace);
        await applyObjects(kubectl, [...secrets, ...configuration]);
      },
    },
    {
      title: 'databases and broker',
      plan: () => names('stores'),
      run: async (say) => {
        await rollOut((await planned()).stores, say);
      },
    },
    {
      title: 'services',
      plan: () => names('services'),
      run: async (say) => {
        const { services, secrets } = await planned();
        // Changed passwords are told while the new pods start: the old ones cannot connect anew from then on.
        await rollOut(services, say, async () => tellPasswords(await session.kubectl(), secrets));
      },
    },
    {
      title: 'autoscalers, and answers on every node',
      plan: async () => [...(await names('scaling')), 'wait until the gateway answers on every node'],
      run: async (say) => {
        await applyObjects(await session.kubectl(), (await planned()).scaling);
        await waitUntilAnswering(session, say);
      },
    },
  ];
}

async function planDeployment(session: Session, options: DeployOptions): Promise<Plan> {
  const kubectl = await session.kubectl();
  await requireNoMove(kubectl);
  await removeEndedPods(kubectl);
  const demonstration = (await readManifests()).filter(isSecret);
  const existing = await kubectl.list<Secret>('secrets');
  return arrange(session, options, decideCredentials(demonstration, existing, options.fresh));
}

/** Without asking the cluster: for --dry-run, which may be asked before there is one. */
async function planOffline(session: Session, options: DeployOptions): Promise<Plan> {
  return arrange(session, options, (await readManifests()).filter(isSecret));
}

async function arrange({ environment }: Session, { tag }: DeployOptions, secrets: Secret[]): Promise<Plan> {
  const objects = (await readManifests()).map(
    (object) =>
      (isSecret(object) ? secrets.find(({ metadata }) => metadata.name === object.metadata.name) : undefined) ?? object,
  );
  const record = await readImageRecord(repository);
  const final = markConfiguration(nameImages(objects, { user: environment.dockerHubUsername, tag, record }));
  const workloads = final.filter(isWorkload);
  const isService = ({ spec }: Workload): boolean =>
    spec.template.metadata.labels['app.kubernetes.io/component'] === 'service';
  const scaling = ['HorizontalPodAutoscaler', 'PodDisruptionBudget'];
  return {
    namespace: final.filter(({ kind }) => kind === 'Namespace'),
    secrets,
    configuration: final.filter(
      (object) => !isWorkload(object) && !['Namespace', 'Secret', ...scaling].includes(object.kind),
    ),
    stores: workloads.filter((workload) => !isService(workload)),
    services: workloads.filter(isService),
    scaling: final.filter(({ kind }) => scaling.includes(kind)),
  };
}

/** Where an autoscaler decides how many, nothing in the manifest wakes what a stop has put to sleep. */
async function scaleFromNone(kubectl: Kubectl, workloads: readonly Workload[]): Promise<void> {
  const names = new Set(workloads.map(nameOf));
  const asleep = (await listWorkloads(kubectl)).filter(
    (workload) => names.has(nameOf(workload)) && workload.spec.replicas === 0,
  );
  await scale(kubectl, asleep, 1);
}

/** @throws Failure rollout-failed with the cause as far as the cluster tells it */
export async function waitUntilRolledOut(
  session: Session,
  workloads: readonly KubernetesObject[],
  deadlineMs: number,
  say: (line: string) => void,
): Promise<void> {
  const kubectl = await session.kubectl();
  const check = async (): Promise<void> => {
    await freeStuckPods(kubectl, say);
    await failWhenHopeless(
      kubectl,
      workloads.map(({ metadata }) => metadata.name),
    );
  };
  try {
    await waitForRollout(kubectl, workloads, { deadlineMs, signal: session.signal, say, check });
  } catch (error) {
    if (error instanceof DeadlineError) throw await failRollout(kubectl, error.message);
    throw error;
  }
}

/** @throws Failure rollout-failed */
export async function waitUntilAnswering(session: Session, say: (line: string) => void): Promise<void> {
  const kubectl = await session.kubectl();
  const start = performance.now();
  try {
    const onlyInside = session.provider.name === 'kubeconfig';
    const addresses = await waitForAnswers(kubectl, { onlyInside, signal: session.signal });
    if (addresses.length > 0) say(`${addresses.join(', ')} answer after ${duration(performance.now() - start)}`);
    else
      say(
        'the gateway answers inside the cluster; this machine does not reach the nodes: kubectl port-forward svc/api-gateway 30000:3000',
      );
  } catch (error) {
    if (error instanceof DeadlineError) throw await failRollout(kubectl, error.message);
    throw error;
  }
}

/** @throws Failure when nothing was ever deployed */
export function requireDeployed(workloads: readonly Workload[]): void {
  if (workloads.length > 0) return;
  throw new Failure('not-running', 'The system is not in this cluster.', { cure: './orchestrator.sh create' });
}
