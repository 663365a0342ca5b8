import { ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import type { ComponentName } from '../local/ports.plan.ts';
import type { Check } from './check.ts';
import { clientOf } from './client.http.ts';
import { create, expectMovie } from './movies.ts';
import { orderOf, place, rowsOf, untilStored, untilTaken } from './orders.ts';
import { check, expect } from './promise.ts';
import { peek } from './queue.amqp.ts';
import { whileStopped } from './stopped.ts';
import { done, notYet, until } from '../wait.ts';

const nothing = async (): Promise<void> => undefined;

/** A pool of connections that finds out that they are gone. */
const backWithinMs = 30_000;

/** A pod is another matter: a cluster has checks of its own. */
const here = { where: 'local', disturbs: true } as const;

const folderOf = (name: ComponentName): string =>
  `Its data is in the folder ${name} below the data folder (--data); its log is in logs/${name}.log there.`;

export const dataChecks: readonly Check[] = [
  check({
    ...here,
    id: 'data.movies-kept',
    promise: 'Movies survive a stop and start of their database, and are served again by themselves',
    cure: folderOf('inventory-database'),
    look: async (target, walk) => {
      const movie = await create(target, walk, 'kept');
      await whileStopped(target, walk, ['inventory-database'], nothing);
      const look = async () => {
        const reply = await clientOf(target)('GET', `/api/movies/${movie.id}`);
        return reply.status < 500 ? done(reply) : notYet(reply.shown);
      };
      const reply = await until('movies are served again', backWithinMs, look, { signal: walk.signal });
      expectMovie(reply, movie);
      return `inventory-database stopped and started; ${reply.shown}`;
    },
  }),
  check({
    ...here,
    id: 'data.orders-kept',
    promise: 'Stored orders survive a stop and start of their database',
    cure: folderOf('billing-database'),
    look: async (target, walk) => {
      const id = await place(target, walk, orderOf(walk, 'kept'));
      const before = await untilStored(target, [id], walk.signal);
      await whileStopped(target, walk, ['billing-database'], nothing);
      const after = await rowsOf(target, [id]);
      const evidence = `${JSON.stringify(before)} before, ${JSON.stringify(after)} after`;
      expect(JSON.stringify(before) === JSON.stringify(after), evidence);
      return evidence;
    },
  }),
  check({
    ...here,
    id: 'data.queue-kept',
    promise: 'Orders that wait in the queue survive a stop and start of the broker',
    cure: `${folderOf('rabbitmq')} Queue and message must be durable: src/contracts/queue.ts, src/api-gateway/orders.amqp.ts.`,
    look: async (target, walk) => {
      const id = await whileStopped(target, walk, ['billing-app'], async () => {
        const id = await place(target, walk, orderOf(walk, 'waiting'));
        await whileStopped(target, walk, ['rabbitmq'], nothing);
        const message = await peek(target, ORDER_QUEUE, ({ properties }) => properties.messageId === id);
        expect(message !== undefined, `${id} was answered with 200, and is not in the queue after its restart`);
        return id;
      });
      await untilStored(target, [id], walk.signal);
      await untilTaken(target, walk);
      return `${id} waited in the queue, the broker was stopped and started, the order was stored`;
    },
  }),
];
