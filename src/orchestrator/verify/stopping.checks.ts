import { DEAD_LETTER_QUEUE, ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import type { Check } from './check.ts';
import { clientBehind, clientOf, expectProblem, expectStatus } from './client.http.ts';
import { commitBeforeAcknowledgement } from './commit.ts';
import { orderOf, place, rowsOf, rowsOfUser, storedWithinMs, untilStored, untilTaken } from './orders.ts';
import { Broken, check, expect } from './promise.ts';
import { peek, waiting } from './queue.amqp.ts';
import { whileFull, whileStopped } from './stopped.ts';
import { done, notYet, until } from '../wait.ts';

const confirm = 'The gateway must wait for the confirm of the broker: src/api-gateway/orders.amqp.ts.';
const consumer = 'Orders are consumed in src/billing-app/orders.amqp.ts.';

/** More than a queue takes beyond its limit before it refuses: it notices a little late. */
const tries = 40;

export const stoppingChecks: readonly Check[] = [
  check({
    id: 'orders.stopped-billing',
    promise: 'With billing-app stopped an order is answered with 200, and is in the table within 30 s of its start',
    disturbs: true,
    cure: `${confirm} ${consumer}`,
    look: async (target, walk) => {
      const before = await place(target, walk, orderOf(walk, '20'));
      await untilStored(target, [before], walk.signal);
      const order = orderOf(walk, '22');
      const meanwhile = await whileStopped(target, walk, ['billing-app'], async () => {
        const id = await place(target, walk, order);
        const rows = await rowsOfUser(target, order.user_id);
        expect(rows.length === 0, `billing-app is stopped, and the order of 22 is in the table`);
        return id;
      });
      const startMs = performance.now();
      await untilStored(target, [meanwhile], walk.signal);
      const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
      return `20 stored; billing-app stopped; 22 answered with 200, not in the table; started; 22 there after ${seconds} s`;
    },
  }),
  check({
    id: 'orders.commit-before-ack',
    promise:
      'billing-app acknowledges an order only after its row is committed: killed in between, the order is not lost',
    disturbs: true,
    cure: `${consumer} It must store first and acknowledge then.`,
    look: commitBeforeAcknowledgement,
  }),
  check({
    id: 'orders.database-away',
    promise:
      'A database that is away is waited for: the order is taken, nothing is dead, and it is stored when it is back',
    disturbs: true,
    cure: `${consumer} An error of the database is no fault of the order: hold it and try again.`,
    look: async (target, walk) => {
      const order = orderOf(walk, 'database-away');
      const id = await whileStopped(target, walk, ['billing-database'], () => place(target, walk, order));
      const look = async () => {
        const isDead = await peek(target, DEAD_LETTER_QUEUE, ({ properties }) => properties.messageId === id);
        expect(isDead === undefined, `the order ${id} became a dead letter while the database was away`);
        return (await rowsOf(target, [id])).length > 0 ? done(undefined) : notYet('not in the table orders');
      };
      const options = { everyMs: 250, signal: walk.signal };
      await until(`the order ${id} is stored`, storedWithinMs, look, options);
      return `billing-database stopped; ${id} answered with 200; started; stored, no dead letter`;
    },
  }),
  check({
    id: 'health.without-database',
    promise: 'Live never depends on another system; ready means that it can do its work',
    where: 'local',
    disturbs: true,
    cure: 'Health is answered in src/kit/http.health.ts; billing-app checks in its main.ts.',
    look: async (target, walk) => {
      const billing = await clientBehind(target, 'billing-app');
      return whileStopped(target, walk, ['billing-database'], async () => {
        const [live, ready] = [await billing('GET', '/health/live'), await billing('GET', '/health/ready')];
        expectStatus(live, 200);
        expectProblem(ready, 503);
        return `billing-database stopped; billing-app: ${live.shown}, ${ready.shown}`;
      });
    },
  }),
  check({
    id: 'errors.inventory-away',
    promise: 'Without inventory-app movies are a 502 or 504, and orders are taken all the same',
    disturbs: true,
    cure: 'The gateway hands on in src/api-gateway/upstream.proxy.ts.',
    look: async (target, walk) =>
      whileStopped(target, walk, ['inventory-app'], async () => {
        const reply = await clientOf(target)('GET', '/api/movies');
        expectProblem(reply, reply.status === 504 ? 504 : 502);
        const id = await place(target, walk, orderOf(walk, 'inventory-away'));
        return `inventory-app stopped; ${reply.shown}; an order → 200 ${id}`;
      }),
  }),
  check({
    id: 'errors.queue-full',
    promise: 'An order that the broker does not take is a 503 with Retry-After, never a success',
    disturbs: true,
    cure: `${confirm} A refusal (basic.nack) is a 503.`,
    look: async (target, walk) =>
      whileStopped(target, walk, ['billing-app'], async () => {
        const length = (await waiting(target, ORDER_QUEUE)) + 1;
        return whileFull(target, ORDER_QUEUE, length, async () => {
          for (let number = 1; number <= tries; number++) {
            const reply = await clientOf(target)('POST', '/api/billing', { json: orderOf(walk, `full-${number}`) });
            if (reply.status === 200) {
              walk.placed.add((reply.json as { tracking_id: string }).tracking_id);
              continue;
            }
            expectProblem(reply, 503);
            const retryAfter = reply.headers['retry-after'];
            expect(/^\d+$/.test(retryAfter ?? ''), `${reply.shown}, Retry-After: ${retryAfter}; expected seconds`);
            return `the queue full: ${reply.shown}, Retry-After: ${retryAfter}`;
          }
          const kept = (await waiting(target, ORDER_QUEUE)) - length + 1;
          const evidence = `the queue was full: ${tries} orders were answered with 200, and ${kept} of them are in it`;
          throw new Broken(evidence, kept < tries ? undefined : 'The broker ignores the limit of the policy.');
        });
      }),
  }),
  check({
    id: 'errors.broker-away',
    promise:
      'Without the broker an order is a 503 with Retry-After within 5 s, and is taken again when the broker is back',
    disturbs: true,
    cure: `${confirm} It connects again by src/kit/amqp.ts.`,
    look: async (target, walk) => {
      const ask = clientOf(target);
      const post = () => ask('POST', '/api/billing', { json: orderOf(walk, 'broker-away') });
      const seen = await whileStopped(target, walk, ['rabbitmq'], async () => {
        const startMs = performance.now();
        const reply = await post();
        const tookMs = performance.now() - startMs;
        const id = (reply.json as { tracking_id?: string } | undefined)?.tracking_id;
        if (id !== undefined) walk.placed.add(id);
        expectProblem(reply, 503);
        const retryAfter = reply.headers['retry-after'];
        const evidence = `${reply.shown}, Retry-After: ${retryAfter}, after ${Math.round(tookMs)} ms`;
        expect(/^\d+$/.test(retryAfter ?? '') && tookMs < 8_000, evidence);
        return evidence;
      }).catch(async (error: unknown) => {
        // What is looked at next shall not find a gateway that is still connecting.
        await untilTaken(target, walk).catch(() => undefined);
        throw error;
      });
      const again = await untilTaken(target, walk);
      return `rabbitmq stopped: ${seen}; started: 200 ${again}`;
    },
  }),
];
