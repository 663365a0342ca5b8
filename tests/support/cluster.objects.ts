import { sh } from './cluster.ts';
import type { Row } from '@orchestrator/orchestrator/orders/ledger.ts';

interface Metadata {
  name: string;
  uid: string;
  labels: Record<string, string>;
  deletionTimestamp?: string;
}

export interface Pod {
  metadata: Metadata;
  spec: { nodeName?: string; containers: { env?: { name: string; value?: string }[] }[] };
  status: {
    phase: string;
    conditions?: { type: string; status: string }[];
    containerStatuses?: { restartCount: number; imageID: string }[];
  };
}

export interface Node {
  metadata: Metadata;
  status: { addresses: { type: string; address: string }[] };
}

export interface Volume {
  metadata: Metadata;
  spec: { claimRef?: { namespace: string; name: string } };
}

/** Objects of these resources in the namespace `microservices`, or of the whole cluster. */
export async function list<T>(resources: string, ...args: string[]): Promise<T[]> {
  const printed = await sh(['kubectl get -n microservices -o json', resources, ...args].join(' '));
  return (JSON.parse(printed) as { items: T[] }).items;
}

/** Pods that are not on their way out. */
export async function listPods(name?: string): Promise<Pod[]> {
  const pods = await list<Pod>('pods', ...(name === undefined ? [] : [`-l app.kubernetes.io/name=${name}`]));
  return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

export function isReady({ status }: Pod): boolean {
  return status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}

/** What tells one generation of pods from the next: name, uid and restarts of each. */
export async function identities(): Promise<string[]> {
  const pods = await listPods();
  return pods
    .map(({ metadata: { name, uid }, status }) => `${name} ${uid} ${status.containerStatuses?.[0]?.restartCount}`)
    .toSorted();
}

/** The gateway on each node. */
export async function origins(): Promise<string[]> {
  const nodes = await list<Node>('nodes');
  const addresses = nodes.flatMap(({ status }) => status.addresses.filter(({ type }) => type === 'InternalIP'));
  return addresses.map(({ address }) => `http://${address}:30000`);
}

/** Volumes of the namespace, by name. */
export async function listVolumes(): Promise<string[]> {
  const volumes = await list<Volume>('persistentvolumes');
  return volumes
    .filter(({ spec }) => spec.claimRef?.namespace === 'microservices')
    .map(({ metadata }) => metadata.name);
}

/** All orders of the table, as text. */
export async function readOrders(): Promise<Row[]> {
  const query = 'SELECT json_build_array(tracking_id, user_id, number_of_items::text, total_amount::text) FROM orders';
  const client = 'kubectl exec -n microservices billing-database-0 -- psql -U billing_user -d orders -At';
  const printed = await sh(`${client} -c "${query}"`);
  return printed
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [tracking_id = '', user_id = '', number_of_items = '', total_amount = ''] = JSON.parse(line) as string[];
      return { tracking_id, user_id, number_of_items, total_amount };
    });
}

/** How many messages each queue has, those in a consumer's hand included. */
export async function queueDepths(): Promise<Record<string, number>> {
  const printed = await sh(
    'kubectl exec -n microservices deployment/rabbitmq -- rabbitmqctl -q list_queues name messages --formatter json',
  );
  const queues = JSON.parse(printed) as { name: string; messages: number }[];
  return Object.fromEntries(queues.map(({ name, messages }) => [name, messages]));
}

/** One order, as courses send it, with a user of its own. @returns the tracking id */
export async function order(origin: string, userId: string): Promise<string> {
  const response = await fetch(`${origin}/api/billing`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: userId, number_of_items: '10', total_amount: '50' }),
  });
  const body = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${body}`);
  return (JSON.parse(body) as { tracking_id: string }).tracking_id;
}
