import { ORDER_BODY_LIMIT_BYTES, newOrderSchema } from '@orchestrator/contracts/order.ts';
import type { AcceptedOrder, NewOrder } from '@orchestrator/contracts/order.ts';
import { Problem } from '@orchestrator/contracts/problem.ts';
import { isUuid } from '@orchestrator/contracts/tracking-id.ts';
import { idempotencyKey } from '@orchestrator/kit/http.idempotency.ts';
import { parseBody } from '@orchestrator/kit/http.json.ts';
import type { PlainRequest } from '@orchestrator/kit/http.plain.request.ts';
import type { PlainResponse } from '@orchestrator/kit/http.plain.response.ts';
import type { Take } from '@orchestrator/kit/http.shortcut.ts';
import { compileBodyCheck } from '@orchestrator/kit/validation.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Accept } from './orders.accept.ts';

const ORDERS = '/api/billing';
const NO_STORE = 'no-store';

type Forward = (
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
  onProblem: (problem: Error) => void,
) => void;

interface OrderRoutes {
  accept: Accept;
  /** To billing-app, which alone knows what has been stored. */
  forward: Forward;
}

/** `/api/billing*`: takes orders into the queue, and hands the questions about them on to billing-app. */
export async function orderRoutes(app: FastifyInstance, { accept, forward }: OrderRoutes): Promise<void> {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', NO_STORE);
    done();
  });

  app.post<{ Body: NewOrder }>(ORDERS, { schema: { body: newOrderSchema } }, async (request, reply) =>
    accept(request.body, idempotencyKey(request), request, reply.raw),
  );

  app.get(ORDERS, { onRequest: (request, reply, done) => forward(request, reply, ORDERS, done) }, unreached);
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

const JSON_TYPE = /^application\/json(?:; ?charset=utf-8)?$/i;

interface ShortcutParts {
  accept: Accept;
  /** The limit that all requests share. */
  inFlight: { isReached: () => boolean; count: (response: PlainResponse) => void };
}

/** The way of good orders. What is wrong with any other is told by its route. */
export function orderShortcut({ accept, inFlight }: ShortcutParts): Take {
  const isOrder = compileBodyCheck<NewOrder>(newOrderSchema);

  function read({ headers, body }: PlainRequest): { order: NewOrder; key: string | undefined } | undefined {
    if (!JSON_TYPE.test(headers['content-type'] ?? '') || body.length > ORDER_BODY_LIMIT_BYTES) return undefined;
    try {
      const order = parseBody(body);
      return isOrder(order) ? { order, key: idempotencyKey({ headers }) } : undefined;
    } catch {
      return undefined;
    }
  }

  return (request) => {
    if (request.method !== 'POST' || request.url !== ORDERS || inFlight.isReached()) return undefined;
    const good = read(request);
    if (!good) return undefined;
    return {
      route: ORDERS,
      headers: { 'cache-control': NO_STORE },
      answer: ({ observed, response, headers, fail }) => {
        inFlight.count(response);
        const send = (accepted: AcceptedOrder): void => {
          response.writeHead(200, { ...headers, 'content-type': 'application/json; charset=utf-8' });
          response.end(JSON.stringify(accepted));
        };
        accept(good.order, good.key, observed, response).then(send, fail);
      },
    };
  };
}

function unreached(): never {
  throw new Error('the request was answered before');
}
