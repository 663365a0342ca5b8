import { isDeepStrictEqual } from 'node:util';
import type { Check } from './check.ts';
import { notApplicable } from './check.ts';
import { clientBehind, clientOf, expectProblem, expectStatus } from './client.http.ts';
import type { Reply } from './client.http.ts';
import { create, expectMovie, expectMovies, movieOf, movieRows } from './movies.ts';
import { check, expect } from './promise.ts';

const routes = 'The routes are in src/inventory-app/movies.http.ts; src/api-gateway/movies.proxy.ts hands requests on.';
const sql = 'The SQL is in src/inventory-app/movies.postgres.ts.';

/** No movie gets there. */
const unusedId = 9_007_199_254_740_000;

export const movieChecks: readonly Check[] = [
  check({
    id: 'movies.create',
    promise: 'POST /api/movies and /api/movies/ answer 200 with the created movie, which is in the database then',
    cure: routes,
    look: async (target, walk) => {
      const created = [
        await create(target, walk, 'without a slash'),
        await create(target, walk, 'with a slash', '/api/movies/'),
      ];
      const rows = (await movieRows(target, walk)).filter(({ id }) => created.some((movie) => movie.id === id));
      const evidence = `the table movies has ${JSON.stringify(rows)} of ${JSON.stringify(created)}`;
      expect(isDeepStrictEqual(rows, created), evidence, sql);
      return evidence;
    },
  }),
  check({
    id: 'movies.list',
    promise: 'GET /api/movies and /api/movies/ answer 200 with a JSON array of all movies: id, title, description',
    cure: routes,
    look: async (target, walk) => {
      const ask = clientOf(target);
      await create(target, walk, 'listed');
      const movies = await movieRows(target, walk);
      for (const path of ['/api/movies', '/api/movies/']) {
        const reply = await ask('GET', path);
        expectMovies(reply, walk, movies);
        const type = reply.headers['content-type'] ?? 'none';
        expect(type.startsWith('application/json'), `GET ${path} → content-type ${type}; expected application/json`);
      }
      return `both show the ${movies.length} movies of this walk`;
    },
  }),
  check({
    id: 'movies.search',
    promise: 'GET /api/movies?title=NAME answers those whose title contains NAME, in upper or lower case',
    cure: sql,
    look: async (target, walk) => {
      const [found] = [await create(target, walk, 'The MATRIX'), await create(target, walk, 'The Matri')];
      const reply = await clientOf(target)('GET', `/api/movies?title=${walk.tag}%20the%20matrix`);
      expectMovies(reply, walk, [found]);
      return reply.shown;
    },
  }),
  check({
    id: 'movies.search-literal',
    promise: '% and _ in the title that is looked for are plain characters',
    cure: `${sql} % and _ must be escaped for LIKE.`,
    look: async (target, walk) => {
      const found = await create(target, walk, '100% a_b');
      await create(target, walk, '100x axb');
      const ask = clientOf(target);
      for (const part of ['100%', 'a_b']) expectMovies(await ask('GET', searchFor(part)), walk, [found]);
      const reply = await ask('GET', searchFor(`${walk.tag}%b`));
      expectMovies(reply, walk, []);
      return reply.shown;
    },
  }),
  check({
    id: 'movies.one',
    promise: 'GET /api/movies/:id answers 200 with the movie, or 404',
    cure: routes,
    look: async (target, walk) => {
      const ask = clientOf(target);
      const movie = await create(target, walk, 'one');
      const reply = await ask('GET', `/api/movies/${movie.id}`);
      expect(expectMovie(reply, movie).id === movie.id, `${reply.shown}; expected the id ${movie.id}`);
      for (const id of [unusedId, 'abc']) expectProblem(await ask('GET', `/api/movies/${id}`), 404);
      return reply.shown;
    },
  }),
  check({
    id: 'movies.update',
    promise: 'PUT /api/movies/:id answers 200 with the updated movie, which keeps its id, or 404',
    cure: routes,
    look: async (target, walk) => {
      const ask = clientOf(target);
      const { id } = await create(target, walk, 'before');
      const changed = movieOf(walk, 'after');
      const reply = await ask('PUT', `/api/movies/${id}`, { json: changed });
      const movie = expectMovie(reply, changed);
      const row = (await movieRows(target, walk)).find((one) => one.id === id);
      const stored = movie.id === id && isDeepStrictEqual(row, { id, ...changed });
      expect(stored, `${reply.shown}; the table movies has ${JSON.stringify(row)} under ${id}`);
      expectProblem(await ask('PUT', `/api/movies/${unusedId}`, { json: changed }), 404);
      return reply.shown;
    },
  }),
  check({
    id: 'movies.delete',
    promise: 'DELETE /api/movies/:id answers 200, and the movie is gone; 404 where there is none',
    cure: routes,
    look: async (target, walk) => {
      const ask = clientOf(target);
      const { id } = await create(target, walk, 'deleted');
      const reply = await ask('DELETE', `/api/movies/${id}`);
      expectStatus(reply, 200);
      const left = (await movieRows(target, walk)).some((movie) => movie.id === id);
      expect(!left, `${reply.shown}, and the movie is in the table still`);
      expectProblem(await ask('DELETE', `/api/movies/${id}`), 404);
      return `${reply.shown}, then 404`;
    },
  }),
  check({
    id: 'movies.delete-all',
    promise: 'DELETE /api/movies answers 200 and says how many; all movies are gone then',
    cure: routes,
    look: async (target, walk) => {
      const count = async (where: string): Promise<number> => {
        const sql = `SELECT count(*)::int AS count FROM movies WHERE ${where}`;
        return (await target.query<{ count: number }>('inventory', sql))[0]?.count ?? 0;
      };
      const others = await count(`title NOT LIKE '${walk.tag}%'`);
      if (others > 0) return notApplicable(`it would delete the ${others} movies that are not of this walk`);
      await create(target, walk, 'one of all');
      const all = await count('true');
      const reply = await clientOf(target)('DELETE', '/api/movies');
      const { deleted } = expectStatus(reply, 200) as { deleted?: number };
      const left = await count('true');
      expect(deleted === all && left === 0, `${reply.shown}; there were ${all} movies, and ${left} are left`);
      return reply.shown;
    },
  }),
  check({
    id: 'movies.paging',
    promise: '?limit= and ?after= give pages of movies, with the address of the next one in a Link header',
    cure: routes,
    look: async (target, walk) => {
      const movies = [];
      for (const name of ['page 1', 'page 2', 'page 3']) movies.push(await create(target, walk, name));
      const ask = clientOf(target);
      const pages: string[] = [];
      let path: string | undefined = `/api/movies?limit=2&title=${walk.tag}%20page`;
      for (const expected of [movies.slice(0, 2), movies.slice(2)]) {
        const reply = await ask('GET', path ?? '');
        expectMovies(reply, walk, expected);
        const { link = 'none' } = reply.headers;
        pages.push(`${path} → Link: ${String(link)}`);
        path = /^<(\/api\/movies\?[^>]*after=\d+[^>]*)>; rel="next"$/.exec(String(link))?.[1];
        const isLast = expected.length === 1;
        expect((path === undefined) === isLast, `${pages.at(-1)}; expected ${isLast ? 'none' : 'the next page'}`);
      }
      expectProblem(await ask('GET', '/api/movies?limit=101'), 422);
      return pages.join('; ');
    },
  }),
  check({
    id: 'movies.idempotency-key',
    promise:
      'POST /api/movies with the same Idempotency-Key gives the same movie and no second row; with another body 422',
    cure: 'Keys are kept by src/inventory-app/movies.postgres.ts in the table idempotency_keys.',
    look: async (target, walk) => {
      const ask = clientOf(target);
      const headers = { 'idempotency-key': `${walk.tag}-movie` };
      const movie = movieOf(walk, 'only once');
      const [first, second] = [
        expectMovie(await ask('POST', '/api/movies', { json: movie, headers }), movie),
        expectMovie(await ask('POST', '/api/movies', { json: movie, headers }), movie),
      ];
      const rows = (await movieRows(target, walk)).filter(({ title }) => title === movie.title).length;
      const evidence = `twice the same key: ids ${first.id} and ${second.id}, ${rows} in the table`;
      expect(first.id === second.id && rows === 1, evidence);
      const other = await ask('POST', '/api/movies', { json: movieOf(walk, 'another'), headers });
      expectProblem(other, 422);
      return `${evidence}; another body: ${other.status}`;
    },
  }),
  check({
    id: 'movies.as-they-are',
    promise:
      'The gateway returns the answer of inventory-app as it is: status, headers, body, whatever method and query',
    where: 'local',
    cure: 'The gateway hands on in src/api-gateway/upstream.proxy.ts.',
    look: async (target, walk) => {
      const { id } = await create(target, walk, 'as it is');
      const direct = await clientBehind(target, 'inventory-app');
      const ask = clientOf(target);
      const requests = [
        ['GET', `/api/movies?limit=1&title=${walk.tag}`, undefined],
        ['GET', `/api/movies/${id}`, undefined],
        ['HEAD', `/api/movies/${id}`, undefined],
        ['PUT', `/api/movies/${id}`, { title: '' }],
        ['PATCH', `/api/movies/${id}`, undefined],
      ] as const;
      for (const [method, path, json] of requests) {
        const sent = json === undefined ? {} : { json };
        const [through, behind] = [await ask(method, path, sent), await direct(method, path, sent)];
        expect(
          essence(through) === essence(behind),
          `${method} ${path} → ${essence(through)}; inventory-app itself: ${essence(behind)}`,
        );
      }
      return `the same for ${requests.map(([method, path]) => `${method} ${path}`).join(', ')}`;
    },
  }),
];

const searchFor = (part: string): string => `/api/movies?title=${encodeURIComponent(part)}`;

/** What two answers to the same request have in common: all but the time and the id of each request. */
function essence({ status, headers, text }: Reply): string {
  const named = ['content-type', 'link', 'allow', 'etag', 'cache-control'].flatMap((name) =>
    headers[name] === undefined ? [] : [`${name}: ${String(headers[name])}`],
  );
  return `${status} ${named.join(', ')} ${text.replace(/"request_id":"[^"]*"/, '"request_id":…')}`;
}
