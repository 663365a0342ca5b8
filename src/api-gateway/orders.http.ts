import { newOrderSchema } from '@orchestrator/contracts/order.ts';
import type { AcceptedOrder, NewOrder } from '@orchestrator/contracts/order.ts';
import { Problem } from '@orchestrator/contracts/problem.ts';
import type { ProblemCode } from '@orchestrator/contracts/problem.ts';
import { isUuid } from '@orchestrator/contracts/tracking-id.ts';
import { idempotencyKey } from '@orchestrator/kit/http.idempotency.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createTrackingId } from './orders.ts';
import type { OrderQueue, Outcome } from './orders.ts';

type Forward = (
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
  onProblem: (problem: Error) => void,
) => void;

interface OrderRoutes {
  queue: OrderQueue;
  /** To billing-app, which alone knows what has been stored. */
  forward: Forward;
}

/** `/api/billing*`: takes orders into the queue, and hands the questions about them on to billing-app. */
export async function orderRoutes(app: FastifyInstance, { queue, forward }: OrderRoutes): Promise<void> {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'no-store');
    done();
  });

  app.post<{ Body: NewOrder }>(
    '/api/billing',
    { schema: { body: newOrderSchema } },
    async (request, reply): Promise<AcceptedOrder> => {
      const trackingId = createTrackingId(idempotencyKey(request));
      const { trace, id: requestId } = request;
      const outcome = await queue.publish({ order: request.body, trackingId, requestId, ...trace });
      // By this line an order is followed from here to its row. Where the client has gone, the line of its request is written.
      const message = outcome === 'confirmed' ? 'order accepted' : 'order not accepted';
      request.report = { message, facts: { tracking_id: trackingId, outcome } };
      if (reply.raw.destroyed) {
        request.log.info({ request_id: requestId, trace_id: trace.traceId, ...request.report.facts }, message);
      }
      if (outcome !== 'confirmed') throw refusal(outcome, trackingId);
      return { message: 'Order accepted', tracking_id: trackingId };
    },
  );

  app.get(
    '/api/billing',
    { onRequest: (request, reply, done) => forward(request, reply, '/api/billing', done) },
    unreached,
  );
  app.get<{ Params: { id: string } }>(
    '/api/billing/:id',
    {
      onRequest: (request, reply, done) => {
        const { id } = request.params;
        if (isUuid(id)) forward(request, reply, `/api/billing/${id}`, done);
        else done(new Problem('not_found', 'A tracking id is a UUID, as the answer to the order gave it'));
      },
    },
    unreached,
  );
}

function unreached(): never {
  throw new Error('the request was answered before');
}

const unknown = (trackingId: string): [ProblemCode, string] => [
  'outcome_unknown',
  'The broker has not confirmed the order, which may be taken or not. Send it again with the same Idempotency-Key if ' +
    `you gave one, else look at GET /api/billing/${trackingId} before you send it again`,
];

/** What the client is told of an outcome that is no confirm. Each says whether the order may be sent again as it is. */
const refusals: Record<Exclude<Outcome, 'confirmed'>, (trackingId: string) => [ProblemCode, string]> = {
  refused: () => [
    'broker_unavailable',
    'The order was not taken, for the broker takes none at the moment. Send it again',
  ],
  returned: () => ['unroutable', 'The order was not taken, for its queue is missing and is being made. Send it again'],
  nacked: () => ['queue_full', 'The order was not taken, for the queue is full. Send it again later'],
  timed_out: unknown,
  lost: unknown,
};

function refusal(outcome: Exclude<Outcome, 'confirmed'>, trackingId: string): Problem {
  const [code, detail] = refusals[outcome](trackingId);
  return new Problem(code, detail, { headers: { 'retry-after': '1' } });
}
