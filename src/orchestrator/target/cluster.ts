import { gatewayAddresses } from '../cluster/answers.ts';
import { valuesOf } from '../cluster/credentials.ts';
import type { Kubectl } from '../cluster/kubectl.ts';
import type { Secret } from '../cluster/objects.ts';
import { forwardPorts } from '../cluster/port-forward.ts';
import type { PortForward } from '../cluster/port-forward.ts';
import { waitForRollout } from '../cluster/rollout.ts';
import { listWorkloads, scale, stopTogether } from '../cluster/scale.ts';
import type { Session } from '../cluster/session.ts';
import { Failure } from '../failure.ts';
import { openBroker } from './broker.ts';
import type { BrokerAddress } from './broker.ts';
import { jsonStatement } from './target.ts';
import type { ClusterSystem, Database } from './target.ts';

const owners = {
  inventory: { database: 'inventory', user: 'inventory_user' },
  billing: { database: 'orders', user: 'billing_user' },
} as const satisfies Record<Database, object>;

const amqpPort = 5672;
const managementPort = 15_672;

/** One question to a database that is busy with other things, over the API server. */
const queryTimeoutMs = 90_000;

/** A database that recovers, or a broker that reads a long log, on a busy node. */
const startTimeoutMs = 240_000;

/** The system on the cluster. @throws Failure unreachable, not-running */
export async function openClusterSystem(session: Session): Promise<ClusterSystem> {
  const kubectl = await session.kubectl();
  const [gateway, ...others] = await gatewayAddresses(kubectl);
  if (gateway === undefined) throw new Failure('unreachable', 'No node of the cluster tells its address.');
  if ((await listWorkloads(kubectl)).length === 0) {
    throw new Failure('not-running', 'The system is not on the cluster.', { cure: './orchestrator.sh create' });
  }
  const psql = (database: Database, sql: string): Promise<string> => {
    const { database: name, user } = owners[database];
    const command = ['psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-U', user, '-d', name];
    // On stdin: a statement may be longer than an argument.
    return kubectl.run(['exec', '-i', `statefulset/${database}-database`, '--', ...command], {
      input: `${sql};\n`,
      timeoutMs: queryTimeoutMs,
    });
  };
  const way = openWayToBroker(kubectl);
  const workload = async (name: string) => {
    const found = (await listWorkloads(kubectl)).find(({ metadata }) => metadata.name === name);
    if (found === undefined)
      throw new Failure('not-running', `There is no ${name} on the cluster.`, { cure: './orchestrator.sh deploy' });
    return found;
  };
  return {
    kind: 'cluster',
    name: `cluster (${session.provider.name})`,
    session,
    kubectl,
    gateways: [gateway, ...others],
    query: async <Row>(database: Database, sql: string) =>
      JSON.parse(await psql(database, jsonStatement(sql))) as Row[],
    execute: async (database, sql) => void (await psql(database, sql)),
    broker: openBroker(way.address),
    stop: async (name) => stopTogether(kubectl, [await workload(name)], session.signal),
    start: async (name) => {
      const stopped = await workload(name);
      if (stopped.spec.replicas === 0) await scale(kubectl, [stopped], 1);
      const { signal, say } = session;
      await waitForRollout(kubectl, [stopped], {
        deadlineMs: startTimeoutMs,
        signal,
        say,
        check: async () => undefined,
      });
    },
    [Symbol.asyncDispose]: way.close,
  };
}

/** Through the API server, as `kubectl port-forward` goes; opened when it is needed, and again when it broke. */
function openWayToBroker(kubectl: Kubectl) {
  let opening: Promise<PortForward> | undefined;
  const close = async (): Promise<void> => {
    const open = opening;
    opening = undefined;
    await open?.then(
      (forward) => forward[Symbol.asyncDispose](),
      () => undefined,
    );
  };
  const address = async (again: boolean): Promise<BrokerAddress> => {
    if (again) await close();
    opening ??= forwardPorts(kubectl, 'service/rabbitmq', [amqpPort, managementPort]);
    const forward = await opening.catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    const [secret] = await kubectl.list<Secret>('secrets', '--field-selector=metadata.name=rabbitmq');
    const { 'admin-username': user = '', 'admin-password': password = '' } =
      secret === undefined ? {} : valuesOf(secret);
    return {
      host: '127.0.0.1',
      amqpPort: forward.localPort(amqpPort),
      managementPort: forward.localPort(managementPort),
      user,
      password,
    };
  };
  return { address, close };
}
