import { connectToAll } from '../cluster/connect.node.ts';
import { runInside } from '../cluster/inside.node.ts';
import type { KubernetesObject } from '../cluster/kubectl.ts';
import { nameOf } from '../cluster/objects.ts';
import { listWorkloads } from '../cluster/scale.ts';
import { links } from '../local/relays.ts';
import type { Link } from '../local/relays.ts';
import { arrows } from '../model/picture.ts';
import type { ClusterSystem, LocalSystem } from '../target/target.ts';
import { NotPossible, NotStruck } from './fault.ts';
import type { Fault, Strike } from './fault.ts';

/** An answer of another pod, or none. */
const connectTimeoutMs = 1_000;

/** How often it is tried whether the policy is gone in effect too: networks take some seconds. */
const tries = 10;

const portOf = ({ from, to }: Link): number => arrows.find((arrow) => arrow[0] === from && arrow[1] === to)?.[2] ?? 0;

/** A relay stands in the arrow for the time of the drill. */
const cutByRelay =
  (link: Link): Strike<LocalSystem> =>
  async ({ control }, { hold, holdMs }) => {
    await control.cut(link, holdMs);
    await hold(holdMs);
  };

/** Each arrow has one policy that allows it; without it the default deny holds. What is connected stays connected. */
const cutByPolicy =
  (link: Link): Strike<ClusterSystem> =>
  async (system, { mender, hold, holdMs }) => {
    const { kubectl } = system;
    const name = `${link.from}-to-${link.to}`;
    const [policy] = await kubectl.list('networkpolicies', `--field-selector=metadata.name=${name}`);
    if (policy === undefined) throw new NotStruck(`there is no network policy ${name}`);
    await mender.during({ kind: 'create', manifest: JSON.stringify(manifestOf(policy)) }, async () => {
      await kubectl.run(['delete', 'networkpolicy', name]);
      if (!(await isShut(system, link))) {
        throw new NotPossible(
          "this cluster's network does not enforce network policies, by which arrows are cut there",
        );
      }
      await hold(holdMs);
    });
  };

/** What a user would write; the rest is the cluster's. */
function manifestOf({ apiVersion, kind, metadata: { name, namespace, labels }, spec }: KubernetesObject): object {
  return { apiVersion, kind, metadata: { name, namespace, labels }, spec };
}

async function isShut({ kubectl }: ClusterSystem, link: Link): Promise<boolean> {
  const workload = (await listWorkloads(kubectl)).find(({ metadata }) => metadata.name === link.from);
  if (workload === undefined) throw new NotStruck(`there is no ${link.from}`);
  const destinations = [{ host: link.to, port: portOf(link) }];
  for (let left = tries; left > 0; left -= 1) {
    const [attempt] = await runInside(kubectl, nameOf(workload), connectToAll, {
      destinations,
      timeoutMs: connectTimeoutMs,
    });
    if (attempt !== 'open') return true;
  }
  return false;
}

/** Arrows of the picture, one at a time. */
export const cuts: readonly Fault[] = links.map((link) => ({
  name: `${link.from}-to-${link.to}-cut`,
  explains:
    `nothing goes through between ${link.from} and ${link.to} for some seconds, and neither is told ` +
    '(on a cluster the network policy of the arrow is taken away: new connections find no way)',
  local: cutByRelay(link),
  cluster: cutByPolicy(link),
}));
