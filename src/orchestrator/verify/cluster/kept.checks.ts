import { ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import { waitForRollout } from '../../cluster/rollout.ts';
import { listWorkloads } from '../../cluster/scale.ts';
import { CommandError, lastLines } from '../../exec.ts';
import type { ComponentName } from '../../local/ports.plan.ts';
import type { ClusterSystem } from '../../target/target.ts';
import { done, notYet, until } from '../../wait.ts';
import type { Check, Walk } from '../check.ts';
import { clientOf } from '../client.http.ts';
import { create, expectMovie } from '../movies.ts';
import { orderOf, place, rowsOf, untilStored, untilTaken } from '../orders.ts';
import { Broken, expect } from '../promise.ts';
import { peek } from '../queue.amqp.ts';
import { whileStopped } from '../stopped.ts';
import { onCluster } from './live.ts';

/** A pod ends within its grace of two minutes; its successor recovers, on a busy node. */
const goneTimeoutMs = 180_000;
const backTimeoutMs = 240_000;

/** A pool of connections that finds out that they are gone. */
const servedWithinMs = 60_000;

const volumes =
  'kubectl get pvc -n microservices: the volume must be Bound, and mounted where the data lies (volumes.mounted).';

export const keptChecks: readonly Check[] = [
  onCluster({
    id: 'data.movies-kept-pod',
    promise: 'Movies survive the loss of the pod of their database, and are served again by themselves',
    disturbs: true,
    cure: volumes,
    look: async (system, walk) => {
      const movie = await create(system, walk, 'kept');
      return afterLoss(system, walk, 'inventory-database', async () => {
        const look = async () => {
          const reply = await clientOf(system)('GET', `/api/movies/${movie.id}`);
          return reply.status < 500 ? done(reply) : notYet(reply.shown);
        };
        const reply = await until('movies are served again', servedWithinMs, look, { signal: walk.signal });
        expectMovie(reply, movie);
        return reply.shown;
      });
    },
  }),
  onCluster({
    id: 'data.orders-kept-pod',
    promise: 'Stored orders survive the loss of the pod of their database',
    disturbs: true,
    cure: volumes,
    look: async (system, walk) => {
      const id = await place(system, walk, orderOf(walk, 'kept'));
      const before = JSON.stringify(await untilStored(system, [id], walk.signal));
      return afterLoss(system, walk, 'billing-database', async () => {
        const after = JSON.stringify(await rowsOf(system, [id]));
        expect(before === after, `${before} before, ${after} after`);
        return after;
      });
    },
  }),
  onCluster({
    id: 'data.queue-kept-pod',
    promise: 'Orders that wait in the queue survive the loss of the pod of the broker',
    disturbs: true,
    cure: `${volumes} Its node must keep its name: RABBITMQ_NODENAME.`,
    look: async (system, walk) => {
      const { id, seen } = await whileStopped(system, walk, ['billing-app'], async () => {
        const id = await place(system, walk, orderOf(walk, 'waiting'));
        const seen = await afterLoss(system, walk, 'rabbitmq', async () => {
          const message = await peek(system, ORDER_QUEUE, ({ properties }) => properties.messageId === id);
          expect(message !== undefined, `${id} was answered with 200, and is not in the queue any more`);
          return `${id} is in the queue`;
        });
        return { id, seen };
      });
      await untilStored(system, [id], walk.signal);
      await untilTaken(system, walk);
      return `${seen}; billing-app started: the order was stored`;
    },
  }),
];

/** Loses the pod of a part and looks then; what is found, and what is not, is told as following from that. */
async function afterLoss(
  system: ClusterSystem,
  walk: Walk,
  name: ComponentName,
  look: () => Promise<string>,
): Promise<string> {
  const lost = await losePod(system, walk, name);
  try {
    return `${lost}; ${await look()}`;
  } catch (error) {
    walk.signal.throwIfAborted();
    if (error instanceof CommandError) throw new Broken(`${lost}; then: ${lastLines(error.output, 4)}`);
    throw new Broken(`${lost}; then: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Deletes the pod of a part, as a person does, and waits for its successor. @returns what was done, for the evidence */
async function losePod({ kubectl, session }: ClusterSystem, { say }: Walk, name: ComponentName): Promise<string> {
  say(`deleting the pod of ${name}`);
  const wait = `--timeout=${goneTimeoutMs / 1000}s`;
  const argv = ['delete', 'pods', `--selector=app.kubernetes.io/name=${name}`, wait];
  const told = await kubectl.run(argv, { timeoutMs: goneTimeoutMs + 10_000 });
  const workloads = (await listWorkloads(kubectl)).filter(({ metadata }) => metadata.name === name);
  const { signal } = session;
  await waitForRollout(kubectl, workloads, { deadlineMs: backTimeoutMs, signal, say, check: async () => undefined });
  return `${told.split('\n')[0] ?? name}, another one is ready`;
}
