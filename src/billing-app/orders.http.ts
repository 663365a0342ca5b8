import { ORDER_PAGE_LIMIT_DEFAULT, orderQuerySchema } from '@orchestrator/contracts/order.ts';
import { ID_MAX } from '@orchestrator/contracts/page.ts';
import type { PageQuery } from '@orchestrator/contracts/page.ts';
import { Problem } from '@orchestrator/contracts/problem.ts';
import { isUuid } from '@orchestrator/contracts/tracking-id.ts';
import type { FastifyInstance } from 'fastify';
import type { OrderReader } from './orders.ts';

const LIST = '/api/billing';
const ONE = '/api/billing/:tracking_id';

/** Reads orders back. New ones come through the queue only. */
export function orderRoutes(app: FastifyInstance, store: OrderReader): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'no-store');
    done();
  });

  app.get<{ Querystring: PageQuery }>(LIST, { schema: { querystring: orderQuerySchema } }, async ({ query }, reply) => {
    const { limit = ORDER_PAGE_LIMIT_DEFAULT, after = ID_MAX } = query;
    // One more than asked for tells whether there is a next page.
    const orders = await store.list({ after, limit: limit + 1 });
    const page = orders.slice(0, limit);
    const last = page.at(-1);
    // RFC 8288
    if (last && orders.length > limit) reply.header('link', `<${LIST}?limit=${limit}&after=${last.id}>; rel="next"`);
    return page;
  });

  app.get<{ Params: { tracking_id: string } }>(ONE, async ({ params }) => {
    const order = isUuid(params.tracking_id) ? await store.find(params.tracking_id) : undefined;
    if (order) return order;
    const detail =
      'No order is recorded under this tracking id. One that was answered with 200 is safe and may still be in the queue: ask again in a moment';
    throw new Problem('not_found', detail);
  });
}
