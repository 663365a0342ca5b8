import { CommandError, lastLines } from '../exec.ts';
import { Failure } from '../failure.ts';
import type { Work } from '../providers/provider.ts';
import { DeadlineError, done, notYet, until } from '../wait.ts';
import { k3sProgram, unitOf } from './node.ts';
import type { Node, Nodes } from './node.ts';

/** A node as Kubernetes sees it. */
export interface NodeState {
  name: string;
  ready: boolean;
  /** What the kubelet says of it when it is not ready. */
  message: string;
  /** InternalIP: where the other nodes look for its pods. */
  address: string | undefined;
}

/** After a start all of K3s' own pods come up as well; a node is Ready long before that, on any disk. */
const readyMs = 300_000;

/** The nodes in the answer of `kubectl get nodes -o json`. */
export function parseNodes(text: string): NodeState[] {
  interface Answer {
    items: Array<{
      metadata: { name: string };
      status: {
        conditions?: Array<{ type: string; status: string; message?: string }>;
        addresses?: Array<{ type: string; address: string }>;
      };
    }>;
  }
  return (JSON.parse(text) as Answer).items.map(({ metadata, status }) => {
    const condition = status.conditions?.find(({ type }) => type === 'Ready');
    return {
      name: metadata.name,
      ready: condition?.status === 'True',
      message: condition?.message ?? 'its kubelet has not reported yet',
      address: status.addresses?.find(({ type }) => type === 'InternalIP')?.address,
    };
  });
}

/** What is not as it should be, a sentence each; nothing when every expected node is there, is ready, and has its address. */
export function complaints(
  states: readonly NodeState[],
  expected: readonly Pick<Node, 'name' | 'address'>[],
): string[] {
  return expected.flatMap(({ name, address }) => {
    const state = states.find((candidate) => candidate.name === name);
    if (state === undefined) return [`${name} has not joined`];
    if (!state.ready) return [`${name} is not ready: ${state.message}`];
    return state.address === address ? [] : [`${name} has the address ${state.address ?? 'none'}, not ${address}`];
  });
}

/**
 * Waits until every node is Ready in the eyes of the API server.
 * @throws Failure machine-failed with what it saw last
 */
export async function waitUntilReady(nodes: Nodes, { say, signal }: Work): Promise<void> {
  const [server] = nodes;
  try {
    await until(
      'every node Ready',
      readyMs,
      async () => {
        const wrong = await look(server, nodes);
        return wrong.length === 0 ? done(undefined) : notYet(wrong.join('; '));
      },
      { everyMs: 2_000, signal },
    );
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    throw new Failure('machine-failed', error.message, {
      cause: error,
      cure: `On the node: sudo journalctl -u ${unitOf(server)} -n 100 (server) or ${unitOf({ role: 'agent' })} (agent). Then run again.`,
    });
  }
  say(`ready: ${nodes.map(({ name, address }) => `${name} (${address})`).join(', ')}`);
}

/** A server that has just started may not answer yet: that is a state as well. */
async function look(server: Node, nodes: Nodes): Promise<string[]> {
  try {
    const argv = [k3sProgram, 'kubectl', 'get', 'nodes', '-o', 'json', '--request-timeout=10s'];
    return complaints(parseNodes(await server.remote.run(argv)), nodes);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return [`the API server does not answer: ${lastLines(error.output, 1)}`];
  }
}
