import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import { CommandError } from '../exec.ts';
import { repository } from '../files.ts';
import { isReady } from '../diagnosis/diagnose.scheduling.ts';
import { componentOf } from '../diagnosis/diagnosis.ts';
import type { Kubectl, KubernetesObject } from '../cluster/kubectl.ts';
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

const nodePort = 30_000;

/** Beyond this a person at a browser has the impression that nothing is there. */
const gatewayTimeoutMs = 2_000;

/** Asks the gateway on every node that is Ready, as a client of the system would; nobody when no gateway is ready. */
export async function askGateway({ nodes, pods }: Snapshot): Promise<GatewayAnswer[]> {
  if (!pods.some((pod) => componentOf(pod) === 'api-gateway' && isServing(pod))) return [];
  const addresses = nodes.filter(isReady).flatMap(({ metadata, status }) => {
    const ip = status.addresses?.find(({ type }) => type === 'InternalIP')?.address;
    if (ip === undefined) return [];
    return { node: metadata.name, address: `http://${ip.includes(':') ? `[${ip}]` : ip}:${nodePort}` };
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

interface Secret extends KubernetesObject {
  data?: Record<string, string>;
}

/** The Secrets of the cluster in which a password is still the one of Manifests/secrets.yaml. */
export async function findDemonstrationSecrets(kubectl: Kubectl): Promise<string[]> {
  const manifest = await readFile(join(repository, 'Manifests/secrets.yaml'), 'utf8');
  return demonstrationSecrets(manifest, await kubectl.list<Secret>('secrets'));
}

/** @param manifest the text of Manifests/secrets.yaml */
export function demonstrationSecrets(manifest: string, secrets: readonly Secret[]): string[] {
  const demonstration = parseAllDocuments(manifest).map(
    (document) => document.toJS() as { metadata: { name: string }; stringData: Record<string, string> },
  );
  return demonstration
    .filter(({ metadata, stringData }) => {
      const data = secrets.find((secret) => secret.metadata.name === metadata.name)?.data ?? {};
      return Object.entries(stringData).some(
        ([key, value]) =>
          key.endsWith('password') && data[key] !== undefined && Buffer.from(data[key], 'base64').toString() === value,
      );
    })
    .map(({ metadata }) => metadata.name);
}
