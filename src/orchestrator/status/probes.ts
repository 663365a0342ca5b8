import { CommandError } from '../exec.ts';
import { isReady } from '../diagnosis/diagnose.scheduling.ts';
import { componentOf } from '../diagnosis/diagnosis.ts';
import { gatewaysOn } from '../cluster/answers.ts';
import { demonstrationSecrets } from '../cluster/credentials.ts';
import type { Kubectl } from '../cluster/kubectl.ts';
import { readManifests } from '../cluster/manifests.ts';
import { isSecret } from '../cluster/objects.ts';
import type { Secret } from '../cluster/objects.ts';
import { isServing } from '../diagnosis/snapshot.ts';
import type { Snapshot } from '../diagnosis/snapshot.ts';

export interface Queue {
  name: string;
  /** Waiting, and being worked on. */
  messages: number;
  consumers: number;
}

/** Erlang's tools take 1 to 3 s of CPU to start, more on a busy node. */
const queuesTimeoutMs = 15_000;

/** The queues of the broker; undefined while it is not ready, or does not answer. */
export async function readQueues(kubectl: Kubectl, { pods }: Snapshot): Promise<Queue[] | undefined> {
  const broker = pods.find((pod) => componentOf(pod) === 'rabbitmq' && isServing(pod));
  if (broker === undefined) return undefined;
  const question = ['rabbitmqctl', '--quiet', 'list_queues', 'name', 'messages', 'consumers', '--formatter', 'json'];
  try {
    const text = await kubectl.run(['exec', broker.metadata.name, '--', ...question], { timeoutMs: queuesTimeoutMs });
    return (JSON.parse(text) as Queue[]).toSorted((a, b) => a.name.localeCompare(b.name));
  } catch (error) {
    if (error instanceof CommandError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export interface GatewayAnswer {
  node: string;
  address: string;
  answers: boolean;
  /** The status that it answered with, or why it did not. */
  detail: string;
}

/** Beyond this a person at a browser has the impression that nothing is there. */
const gatewayTimeoutMs = 2_000;

/** Asks the gateway on every node that is Ready, as a client of the system would; nobody when no gateway is ready. */
export async function askGateway({ nodes, pods }: Snapshot): Promise<GatewayAnswer[]> {
  if (!pods.some((pod) => componentOf(pod) === 'api-gateway' && isServing(pod))) return [];
  const addresses = nodes.filter(isReady).flatMap(({ metadata, status }) => {
    return gatewaysOn(status.addresses).map((address) => ({ node: metadata.name, address }));
  });
  return Promise.all(
    addresses.map(async ({ node, address }) => {
      try {
        const signal = AbortSignal.timeout(gatewayTimeoutMs);
        const response = await fetch(`${address}/health/ready`, { signal });
        await response.body?.cancel();
        return { node, address, answers: response.ok, detail: String(response.status) };
      } catch (error) {
        const { name, cause } = error as Error;
        const reason = name === 'TimeoutError' ? 'no answer' : ((cause as NodeJS.ErrnoException)?.code ?? name);
        return { node, address, answers: false, detail: reason };
      }
    }),
  );
}

/** The Secrets of the cluster in which a password is still the one of Manifests/secrets.yaml. */
export async function findDemonstrationSecrets(kubectl: Kubectl): Promise<string[]> {
  const published = (await readManifests()).filter(isSecret);
  return demonstrationSecrets(published, await kubectl.list<Secret>('secrets'));
}
