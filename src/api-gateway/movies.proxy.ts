import { Problem } from '@orchestrator/contracts/problem.ts';
import { http } from '@orchestrator/kit/http.node.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

type Forward = (
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
  onProblem: (problem: Error) => void,
) => void;

const ID = /^[0-9]+$/;

/**
 * `/api/movies*`: handed on to inventory-app, every method. Taken in `onRequest`, before Fastify looks at the body. The
 * path that is sent on is made here from what was understood, so that no trick in the client's reaches the upstream.
 */
export function movieRoutes(app: FastifyInstance, forward: Forward): void {
  // Fastify's "all" leaves out the rare ones; inventory-app knows which it takes.
  for (const method of http.METHODS.filter((name) => name !== 'CONNECT' && !app.supportedMethods.includes(name))) {
    app.addHttpMethod(method, { hasBody: true });
  }
  app.all('/api/movies', {
    onRequest: (request, reply, done) => forward(request, reply, '/api/movies', done),
    handler: unreached,
  });
  app.all<{ Params: { id: string } }>('/api/movies/:id', {
    onRequest: (request, reply, done) => {
      const { id } = request.params;
      if (ID.test(id)) forward(request, reply, `/api/movies/${id}`, done);
      else done(new Problem('not_found', 'The id of a movie is a whole number'));
    },
    handler: unreached,
  });
}

function unreached(): never {
  throw new Error('the request was answered before');
}
