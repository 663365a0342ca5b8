import { componentNames } from '../local/ports.plan.ts';
import type { ComponentName } from '../local/ports.plan.ts';
import { listWorkloads } from '../cluster/scale.ts';
import { nameOf } from '../cluster/objects.ts';
import type { ClusterSystem } from '../target/target.ts';
import { done, notYet, until } from '../wait.ts';
import { endProcess, stopSignalOf } from './faults.processes.ts';
import { NotStruck } from './fault.ts';
import type { Fault, Strike } from './fault.ts';

/** The longest grace period of the manifests, and a busy node. */
const goneTimeoutMs = 240_000;
const drainTimeoutMs = 300_000;

const selectorOf = (name: ComponentName): string => `--selector=app.kubernetes.io/name=${name}`;

const uidsOf = async ({ kubectl }: ClusterSystem, name: ComponentName): Promise<string[]> =>
  (await kubectl.list('pods', selectorOf(name))).map(({ metadata }) => String(metadata['uid']));

/** Ends all pods of a component, and sees that none of them is left; their controller makes new ones. */
const deletePods =
  (name: ComponentName, ...how: string[]): Strike<ClusterSystem> =>
  async (system, { signal }) => {
    const before = await uidsOf(system, name);
    if (before.length === 0) throw new NotStruck(`there is no pod of ${name}`);
    await system.kubectl.run(['delete', 'pods', selectorOf(name), '--wait=false', ...how]);
    await untilGone(system, name, before, signal);
  };

async function untilGone(system: ClusterSystem, name: ComponentName, before: string[], signal: AbortSignal) {
  await until(
    `the pods of ${name} are replaced`,
    goneTimeoutMs,
    async () => {
      const left = (await uidsOf(system, name)).filter((uid) => before.includes(uid));
      return left.length === 0 ? done(undefined) : notYet(`${left.length} of the old pods are still there`);
    },
    { everyMs: 500, signal },
  );
}

const restart =
  (name: ComponentName): Strike<ClusterSystem> =>
  async (system, { signal }) => {
    const before = await uidsOf(system, name);
    const workload = (await listWorkloads(system.kubectl)).find(({ metadata }) => metadata.name === name);
    if (workload === undefined) throw new NotStruck(`there is no ${name}`);
    await system.kubectl.run(['rollout', 'restart', nameOf(workload)]);
    await untilGone(system, name, before, signal);
  };

/** Kills and ends of every component; a kill leaves no chance to finish anything. */
export const ends: readonly Fault[] = componentNames.flatMap((name) => [
  {
    name: `${name}-killed`,
    explains: `${name} dies at once (SIGKILL; on a cluster its pods are deleted by force)`,
    local: endProcess(name, 'SIGKILL'),
    cluster: deletePods(name, '--force', '--grace-period=0'),
  },
  {
    name: `${name}-ended`,
    explains: `${name} is asked to end (${stopSignalOf(name)}; on a cluster its pods are deleted)`,
    local: endProcess(name, stopSignalOf(name)),
    cluster: deletePods(name),
  },
]);

export const restarts: readonly Fault[] = componentNames.map((name) => ({
  name: `${name}-restarted`,
  explains: `the pods of ${name} are replaced as for a new version (kubectl rollout restart)`,
  cluster: restart(name),
}));

export const drained: Fault = {
  name: 'node-drained',
  explains: 'all pods have to leave a node, which takes none for some seconds (kubectl drain, then uncordon)',
  cluster: async ({ kubectl }, { choice, mender, hold, holdMs }) => {
    const nodes = await kubectl.list('nodes');
    const node = nodes[Math.floor(choice * nodes.length)]?.metadata.name;
    if (node === undefined || nodes.length < 2) throw new NotStruck('there is no second node for the pods');
    await mender.during({ kind: 'uncordon', node }, async () => {
      const drain = ['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--force'];
      await kubectl.run([...drain, `--timeout=${drainTimeoutMs / 1000}s`], { timeoutMs: drainTimeoutMs + 30_000 });
      await hold(holdMs);
    });
  },
};
