import { CommandError } from '../exec.ts';
import { Failure } from '../failure.ts';
import { done, notYet, until } from '../wait.ts';
import type { Kubectl, KubernetesObject } from './kubectl.ts';
import { namespace, patiently } from './kubectl.ts';

/** Where clients reach the gateway, on every node. */
export const nodePort = 30_000;

/** kube-proxy learns of a new Service within a second or two; metrics of a new pod come after some 15 to 60 s. */
const answersTimeoutMs = 180_000;

const requestTimeoutMs = 3_000;

/** What a client sees on the way to the gateway, and behind it. */
const paths = ['/health/ready', '/api/movies?limit=1', '/api/billing?limit=1'] as const;

export interface Node extends KubernetesObject {
  status: { addresses?: readonly { type: string; address: string }[] };
}

export interface Autoscaler extends KubernetesObject {
  status: { conditions?: { type: string; status: string; reason: string; message: string }[] };
}

/** Where clients go: the gateway on each node. */
export async function gatewayAddresses(kubectl: Kubectl): Promise<string[]> {
  const nodes = await kubectl.list<Node>('nodes');
  return nodes.flatMap(({ status }) => gatewaysOn(status.addresses));
}

/** The same for a node with these addresses, an IPv4 and an IPv6 perhaps. */
export function gatewaysOn(addresses: Node['status']['addresses'] = []): string[] {
  return addresses
    .filter(({ type }) => type === 'InternalIP')
    .map(({ address }) => `http://${address.includes(':') ? `[${address}]` : address}:${nodePort}`);
}

/**
 * Waits until the system answers on every node, and until the autoscalers see load.
 * @param onlyInside accept that this machine does not reach the nodes, when the gateway answers through the API server
 * @returns the addresses that answer; none when only the API server reaches them
 * @throws DeadlineError
 */
export async function waitForAnswers(
  kubectl: Kubectl,
  { onlyInside, signal }: { onlyInside: boolean; signal: AbortSignal },
): Promise<string[]> {
  const addresses = await gatewayAddresses(kubectl);
  const look = async () => {
    const problems = (await Promise.all(addresses.map(problemAt))).filter((problem) => problem !== undefined);
    const blind = await autoscalerProblems(kubectl);
    if (blind.length > 0) return notYet(blind.join('; '));
    if (addresses.length > 0 && problems.length === 0) return done(addresses);
    if (onlyInside && problems.every(({ silent }) => silent) && (await answersInside(kubectl))) return done([]);
    return notYet(problems.map(({ message }) => message).join('; ') || 'no node tells its address');
  };
  return until('the system answers', answersTimeoutMs, () => patiently(look), { everyMs: 1_000, signal });
}

interface AddressProblem {
  message: string;
  /** Nobody was reached at all. */
  silent: boolean;
}

async function problemAt(origin: string): Promise<AddressProblem | undefined> {
  for (const path of paths) {
    try {
      const response = await fetch(origin + path, { signal: AbortSignal.timeout(requestTimeoutMs) });
      const body = await response.text();
      if (response.status !== 200) {
        return { message: `${origin}${path} answers ${response.status}: ${body.slice(0, 200)}`, silent: false };
      }
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      return { message: `${origin}${path} does not answer (${cause})`, silent: true };
    }
  }
  return undefined;
}

async function answersInside(kubectl: Kubectl): Promise<boolean> {
  const service = `/api/v1/namespaces/${namespace}/services/http:api-gateway:http/proxy`;
  try {
    for (const path of paths) await kubectl.run(['get', '--raw', service + path]);
    return true;
  } catch (error) {
    if (error instanceof CommandError || error instanceof Failure) return false;
    throw error;
  }
}

async function autoscalerProblems(kubectl: Kubectl): Promise<string[]> {
  return (await kubectl.list<Autoscaler>('horizontalpodautoscalers')).flatMap(({ metadata, status }) => {
    const active = status.conditions?.find(({ type }) => type === 'ScalingActive');
    if (active?.status === 'True') return [];
    return [`the autoscaler of ${metadata.name} sees no load yet: ${active?.message ?? 'it has not looked yet'}`];
  });
}
