import { createInterface } from 'node:readline/promises';
import { changeCluster, changeHelp, changeOptions } from '../cluster/change.ts';
import { namespace, openKubectl, patiently, requireKubectl } from '../cluster/kubectl.ts';
import type { Kubectl } from '../cluster/kubectl.ts';
import type { Volume } from '../cluster/move.objects.ts';
import { patchVolume } from '../cluster/move.state.ts';
import { forgetCluster, readRecord } from '../cluster/record.ts';
import { whereHelp } from '../cluster/session.ts';
import type { Session } from '../cluster/session.ts';
import type { Command } from '../command.ts';
import { parseCommandLine } from '../command.ts';
import { Failure, UsageError } from '../failure.ts';
import type { Step } from '../steps.ts';
import { done, notYet, until } from '../wait.ts';

const help = `./orchestrator.sh destroy [--yes] [OPTION…]

Removes all that create made: the machines with everything on them; on a cluster of your own, the namespace ${namespace}
with its volumes. All movies and orders are gone then. Asks first.

  --yes                   do not ask
${changeHelp}
${whereHelp}`;

export const destroy: Command = {
  summary: 'remove everything that create made, the data too',
  help,
  run: async (argv, context) => {
    const options = { ...changeOptions, yes: { type: 'boolean', short: 'y' } } as const;
    const { values } = parseCommandLine({ args: [...argv], options });
    return changeCluster({
      command: 'destroy',
      values,
      context,
      confirm: async (session) => {
        if (values.yes !== true) await ask(session);
      },
      steps: (session) => [removeStep(session), forgetStep()],
      answer: 'cluster destroyed',
    });
  },
};

/** @throws Failure declined; UsageError where nobody can be asked */
async function ask({ terminal, provider, signal }: Session): Promise<void> {
  if (!terminal.live) throw new UsageError('nobody is here to be asked: destroy --yes removes everything');
  terminal.write(
    provider.name === 'kubeconfig'
      ? `The namespace ${namespace} goes, with all its movies, orders and volumes.\n`
      : 'The machines go, with all their movies and orders.\n',
  );
  const questions = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await questions.question('Type "destroy" to go on: ', { signal }).finally(() => questions.close());
  if (answer.trim() !== 'destroy') throw new Failure('declined', 'Nothing was removed.');
}

/** Pods end within their grace of 120 s; then the volumes are removed. */
const removalTimeoutMs = 300_000;

function removeStep(session: Session): Step {
  const { provider } = session;
  return {
    title: 'the system and its machines',
    plan: async () => [
      ...(provider.name === 'kubeconfig' ? [`delete the namespace ${namespace} with its volumes`] : []),
      ...(await provider.plan('remove', session)),
    ],
    run: async (say) => {
      // Machines of ours take everything on them along; a cluster that stays is cleared.
      if (provider.name === 'kubeconfig') await clear(session, say);
      await provider.remove({ ...session, say });
    },
  };
}

/** @throws Failure declined when the system in the cluster was not made from here */
async function clear(session: Session, say: (line: string) => void): Promise<void> {
  if ((await readRecord()) !== undefined) return removeNamespace(session, await session.kubectl(), say);
  const program = await requireKubectl(session.environment.folders);
  const theirs = openKubectl({ program, ...session.record, signal: session.signal });
  if ((await theirs.list('namespaces', `--field-selector=metadata.name=${namespace}`)).length === 0) return;
  throw new Failure('declined', `The namespace ${namespace} of that cluster was not made from here, and stays.`, {
    cure: `To make it ours: ./orchestrator.sh create. To remove it by hand: kubectl delete namespace ${namespace}`,
  });
}

async function removeNamespace(session: Session, kubectl: Kubectl, say: (line: string) => void): Promise<void> {
  const ours = async (): Promise<Volume[]> => {
    const volumes = await kubectl.list<Volume>('persistentvolumes');
    return volumes.filter(({ spec }) => spec.claimRef?.namespace === namespace);
  };
  // A class, or an interrupted move, may have told a volume to outlive its claim.
  for (const { metadata } of await ours()) {
    await patchVolume(kubectl, metadata.name, { spec: { persistentVolumeReclaimPolicy: 'Delete' } });
  }
  say('waiting until the pods and volumes are gone');
  // Pods first: a namespace that is deleted with pods in it looks again only after half of their longest grace, a minute.
  const workloads = ['delete', 'deployments,statefulsets', '--all', '--cascade=foreground'];
  await kubectl.run(workloads, { timeoutMs: removalTimeoutMs });
  await kubectl.run(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']);
  const gone = async () => {
    const namespaces = await kubectl.list('namespaces', `--field-selector=metadata.name=${namespace}`);
    const volumes = await ours();
    // Only what a claim has used is deleted with it; a volume that is merely reserved for one is not.
    const reserved = volumes.filter(({ status }) => status?.phase === 'Available').map(({ metadata }) => metadata.name);
    if (reserved.length > 0) await kubectl.run(['delete', 'persistentvolume', ...reserved, '--wait=false']);
    const left = [...namespaces, ...volumes].map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    return left.length === 0 ? done(undefined) : notYet(`${left.join(', ')} still there`);
  };
  const options = { everyMs: 1_000, signal: session.signal };
  await until('the namespace is removed', removalTimeoutMs, () => patiently(gone), options);
}

function forgetStep(): Step {
  return { title: 'k3s.yaml and what was remembered', plan: () => ['remove k3s.yaml'], run: () => forgetCluster() };
}
