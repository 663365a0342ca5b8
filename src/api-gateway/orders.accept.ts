import type { AcceptedOrder, NewOrder } from '@orchestrator/contracts/order.ts';
import { Problem } from '@orchestrator/contracts/problem.ts';
import type { ProblemCode } from '@orchestrator/contracts/problem.ts';
import type { Observed } from '@orchestrator/kit/http.observe.ts';
import type { Logger } from '@orchestrator/kit/log.ts';
import { createTrackingId } from './orders.ts';
import type { OrderQueue, Outcome } from './orders.ts';

/** Takes a checked order into the queue. Throws the Problem that says why it was not taken, or that nobody knows. */
export type Accept = (
  order: NewOrder,
  /** The client's Idempotency-Key. */
  key: string | undefined,
  observed: Observed,
  client: { readonly destroyed: boolean },
) => Promise<AcceptedOrder>;

export function createAccept(queue: OrderQueue, log: Logger): Accept {
  return async (order, key, observed, client) => {
    const trackingId = createTrackingId(key);
    const { id: requestId, trace } = observed;
    const { traceparent, tracestate } = trace;
    const outcome = await queue.publish({ order, trackingId, requestId, traceparent, tracestate });
    // By this line an order is followed from here to its row. Where the client has gone, the line of its request is written.
    const message = outcome === 'confirmed' ? 'order accepted' : 'order not accepted';
    observed.report = { message, facts: { tracking_id: trackingId, outcome } };
    if (client.destroyed) {
      log.info({ request_id: requestId, trace_id: trace.traceId, ...observed.report.facts }, message);
    }
    if (outcome !== 'confirmed') throw refusal(outcome, trackingId);
    return { message: 'Order accepted', tracking_id: trackingId };
  };
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
