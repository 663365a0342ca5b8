import type { Check } from './check.ts';
import { clientOf, expectProblem } from './client.http.ts';
import type { Client, Reply } from './client.http.ts';
import { check, expect } from './promise.ts';

const edge = 'Errors are made in src/kit/http.problems.ts, from the table in src/contracts/problem.ts.';
const json = { 'content-type': 'application/json' };

/** What tells of the inside: sources, libraries, SQL, addresses, error codes of the machine. */
const internals =
  /node_modules|\.[jt]s:\d|\bat \S+:\d+|\b(FST_|UND_ERR|E(CONN|NOTFOUND|TIMEDOUT))|fastify|undici|amqp|postgres|SQLSTATE|\b(SELECT|INSERT INTO|DELETE FROM)\b|127\.0\.0\.1|\b10\.\d+\.\d+\.\d+/i;

export const errorChecks: readonly Check[] = [
  check({
    id: 'errors.malformed-json',
    promise: 'Malformed JSON is a 400',
    cure: edge,
    look: (target) =>
      each(clientOf(target), 400, [
        ['POST', '/api/movies', { body: '{"title":', headers: json }],
        ['POST', '/api/billing', { body: '{"user_id":"20"', headers: json }],
        ['POST', '/api/billing', { body: '', headers: json }],
      ]),
  }),
  check({
    id: 'errors.not-found',
    promise: 'A path that is not there is a 404',
    cure: edge,
    look: (target) =>
      each(clientOf(target), 404, [
        ['GET', '/api/nothing'],
        ['POST', '/nothing', { json: {} }],
        ['GET', '/api/billing/not-a-tracking-id'],
      ]),
  }),
  check({
    id: 'errors.method',
    promise: 'A method that a path does not take is a 405 with Allow',
    cure: edge,
    look: async (target) => {
      const ask = clientOf(target);
      const seen = [];
      for (const [method, path, allowed] of [
        ['PATCH', '/api/movies', 'POST'],
        ['POST', '/api/movies/1', 'PUT'],
        ['DELETE', '/api/billing', 'POST'],
      ] as const) {
        const reply = await ask(method, path);
        expectProblem(reply, 405);
        const { allow = 'none' } = reply.headers;
        seen.push(`${method} ${path} → 405, Allow: ${allow}`);
        expect(allow.split(', ').includes(allowed), `${seen.at(-1)}; expected ${allowed} in it`);
      }
      return seen.join('; ');
    },
  }),
  check({
    id: 'errors.too-large',
    promise: 'A body that is too large is a 413',
    cure: 'The limits are ORDER_BODY_LIMIT_BYTES and MOVIE_BODY_LIMIT_BYTES in src/contracts.',
    look: (target) => {
      const body = JSON.stringify({ title: 'x'.repeat(200_000), description: '' });
      return each(clientOf(target), 413, [
        ['POST', '/api/billing', { body, headers: json }],
        ['POST', '/api/movies', { body, headers: json }],
      ]);
    },
  }),
  check({
    id: 'errors.media-type',
    promise: 'A body that is no JSON by its Content-Type is a 415',
    cure: edge,
    look: (target) => {
      const sent = { body: 'user_id=20', headers: { 'content-type': 'text/plain' } };
      return each(clientOf(target), 415, [
        ['POST', '/api/billing', sent],
        ['POST', '/api/movies', sent],
      ]);
    },
  }),
  check({
    id: 'errors.fields',
    promise: 'Wrong fields of a movie are a 422 with one entry for each',
    cure: 'The schema of a movie is newMovieSchema in src/contracts/movie.ts.',
    look: async (target) => {
      const reply = await clientOf(target)('POST', '/api/movies', { json: { title: '', description: 1, year: 1999 } });
      const named = (expectProblem(reply, 422).errors ?? []).map(({ field }) => field).toSorted();
      expect(
        named.join() === 'description,title,year',
        `${reply.shown}; expected entries for description, title, year`,
      );
      return reply.shown;
    },
  }),
  check({
    id: 'errors.discreet',
    promise: 'Bad input is never a 5xx, and no error tells of the inside',
    cure: edge,
    look: async (target) => {
      const ask = clientOf(target);
      const long = 'x'.repeat(3_000);
      const requests: [string, string, Parameters<Client>[2]?][] = [
        ['GET', "/api/movies/1'%20OR%20'1'='1"],
        ['GET', '/api/movies/99999999999999999999'],
        ['GET', '/api/movies/%00'],
        ['GET', '/api/movies/%zz'],
        ['GET', '/api/movies/../../etc/passwd'],
        ['GET', '/api/movies?title=%00'],
        ['GET', '/api/movies?limit=-1'],
        ['GET', `/api/movies?title=${long}`],
        ['GET', "/api/billing/'%3B%20DROP%20TABLE%20orders"],
        ['GET', '/api/billing?after=x'],
        ['PUT', '/api/movies/0', { json: { title: 'x', description: 'x' } }],
        ['POST', '/api/movies', { json: { title: '\u0000', description: '' } }],
        ['POST', '/api/movies', { json: [] }],
        ['POST', '/api/billing', { json: { user_id: { $ne: 1 }, number_of_items: [], total_amount: null } }],
        ['POST', '/api/billing', { json: 'text' }],
        ['POST', '/api/billing', { body: '{"__proto__":{},"constructor":1}', headers: json }],
      ];
      const statuses = new Set<number>();
      for (const [method, path, sent] of requests) {
        const reply = await ask(method, path, sent);
        statuses.add(reply.status);
        expect(reply.status >= 400 && reply.status < 500, `${reply.shown}; expected a 4xx`);
        const leak = internals.exec(`${headerLines(reply)}\n${reply.text}`)?.[0];
        expect(leak === undefined, `${reply.shown}; "${leak}" tells of the inside`);
      }
      return `${requests.length} requests → ${[...statuses].toSorted((a, b) => a - b).join(', ')}`;
    },
  }),
];

async function each(
  ask: Client,
  status: number,
  requests: readonly [method: string, path: string, sent?: Parameters<Client>[2]][],
): Promise<string> {
  const seen = [];
  for (const [method, path, sent] of requests) {
    const reply = await ask(method, path, sent);
    expectProblem(reply, status);
    seen.push(`${method} ${path} → ${status}`);
  }
  return seen.join('; ');
}

const headerLines = ({ headers }: Reply): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join('\n');
