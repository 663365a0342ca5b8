import { Readable } from 'node:stream';
import { movieQuerySchema, newMovieSchema } from '@orchestrator/contracts/movie.ts';
import type { Deleted, Movie, MovieQuery, NewMovie } from '@orchestrator/contracts/movie.ts';
import { ID_MAX } from '@orchestrator/contracts/page.ts';
import { Problem } from '@orchestrator/contracts/problem.ts';
import { idempotencyKey } from '@orchestrator/kit/http.idempotency.ts';
import type { Take } from '@orchestrator/kit/http.shortcut.ts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { createMovie, firstPage, furtherPages } from './movies.ts';
import type { MovieJson, MovieStore, Page } from './movies.ts';
import { inTurns } from './turns.ts';

const LIST = '/api/movies';
const ONE = '/api/movies/:id';
const JSON_TYPE = 'application/json; charset=utf-8';

/** A reader of a long list who takes nothing for this long is gone, or holds memory for no use. */
const STALLED_READER_TIMEOUT_MS = 60_000;

/** Long lists use this many connections at a time, however many are being read; the rest is for short requests. */
const LIST_READS_MAX = 3;

/** The movies API. */
export function movieRoutes(app: FastifyInstance, store: MovieStore): void {
  const body = newMovieSchema;
  const turn = inTurns(LIST_READS_MAX);
  const readInTurn: MovieStore['page'] = (selection, rows) => turn(() => store.page(selection, rows));

  app.get<{ Querystring: MovieQuery }>(LIST, { schema: { querystring: movieQuerySchema } }, async (request, reply) => {
    const { query } = request;
    const page = await firstPage(store, query);
    reply.type(JSON_TYPE);
    if (query.limit !== undefined && page.more) reply.header('link', linkToNext(query, page));
    if (query.limit !== undefined || !page.more) return page.json;
    reply.raw.setTimeout(STALLED_READER_TIMEOUT_MS);
    // HEAD has the headers of GET; the body behind them is not read.
    const chunks = request.method === 'HEAD' ? [] : jsonArray(page, furtherPages(readInTurn, query.title ?? '', page));
    // Holds one page at a time: the next one is read when the client has taken this one.
    return Readable.from(chunks, { objectMode: false, highWaterMark: 1 });
  });

  app.post<{ Body: NewMovie }>(LIST, { schema: { body } }, async (request, reply) =>
    reply.type(JSON_TYPE).send(await createMovie(store, request.body, idempotencyKey(request))),
  );

  app.delete(LIST, async () => deletion(await store.deleteAll()));

  app.get<{ Params: { id: string } }>(ONE, async ({ params }, reply) =>
    sendFound(reply, await store.find(toId(params.id))),
  );

  app.put<{ Params: { id: string }; Body: NewMovie }>(ONE, { schema: { body } }, async ({ params, body }, reply) =>
    sendFound(reply, await store.update(toId(params.id), body)),
  );

  app.delete<{ Params: { id: string } }>(ONE, async ({ params }) => {
    const deleted = await store.delete(toId(params.id));
    if (deleted === 0) throw notFound();
    return deletion(deleted);
  });
}

const ONE_MOVIE = /^\/api\/movies\/([1-9][0-9]{0,14})$/;

/** The way of most requests: one movie by its id. */
export function movieShortcut(store: MovieStore): Take {
  return ({ method, url }) => {
    const id = method === 'GET' ? ONE_MOVIE.exec(url)?.[1] : undefined;
    if (id === undefined) return undefined;
    return {
      route: ONE,
      answer: ({ response, headers, fail }) => {
        const send = (movie: MovieJson | undefined): void => {
          if (movie === undefined) fail(notFound());
          else response.writeHead(200, { ...headers, 'content-type': JSON_TYPE }).end(movie);
        };
        store.find(Number(id)).then(send, fail);
      },
    };
  };
}

async function* jsonArray(first: Page, rest: AsyncIterable<Page>): AsyncGenerator<string> {
  yield first.json.slice(0, -1);
  // A page is empty when what came after the one before was deleted meanwhile.
  for await (const { json } of rest) if (json !== '[]') yield `,${json.slice(1, -1)}`;
  yield ']';
}

/** RFC 8288: where the list goes on. */
function linkToNext({ limit, title }: MovieQuery, { lastId }: Page): string {
  const search = title ? `&${new URLSearchParams({ title }).toString()}` : '';
  return `<${LIST}?limit=${limit}&after=${lastId}${search}>; rel="next"`;
}

/** Throws `not_found` for what is no id: no movie has it. */
function toId(text: string): Movie['id'] {
  const id = /^[1-9][0-9]{0,15}$/.test(text) ? Number(text) : Infinity;
  if (id > ID_MAX) throw notFound();
  return id;
}

function sendFound(reply: FastifyReply, movie: MovieJson | undefined): FastifyReply {
  if (movie === undefined) throw notFound();
  return reply.type(JSON_TYPE).send(movie);
}

function notFound(): Problem {
  return new Problem('not_found', 'There is no movie with this id');
}

function deletion(deleted: number): Deleted {
  return { message: deleted === 1 ? '1 movie deleted' : `${deleted} movies deleted`, deleted };
}
