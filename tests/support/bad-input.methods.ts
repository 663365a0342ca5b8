import { FIRST_MOVIE, ORDER } from './bad-input.case.ts';
import type { Case } from './bad-input.case.ts';
import { request, requestWithBody } from './exchange.ts';

const ID = '/api/billing/018f2f4e-0000-7000-8000-000000000000';

/** The methods that each path does not take, and those it does, as `Allow` lists them. */
const refused: Array<[paths: string[], methods: string[], allowed: string[]]> = [
  [
    ['/api/movies', '/api/movies/'],
    ['PUT', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'LOCK'],
    ['GET', 'HEAD', 'POST', 'DELETE'],
  ],
  [
    [FIRST_MOVIE, `${FIRST_MOVIE}/`],
    ['POST', 'PATCH', 'OPTIONS', 'TRACE', 'SEARCH'],
    ['GET', 'HEAD', 'PUT', 'DELETE'],
  ],
  [
    ['/api/billing', '/api/billing/'],
    ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'COPY'],
    ['GET', 'HEAD', 'POST'],
  ],
  [
    [ID, `${ID}/`],
    ['PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS'],
    ['GET', 'HEAD'],
  ],
  [
    ['/health/live', '/health/ready'],
    ['POST', 'DELETE', 'PURGE'],
    ['GET', 'HEAD'],
  ],
  [
    ['/openapi.json', '/docs', '/'],
    ['POST', 'PUT', 'DELETE'],
    ['GET', 'HEAD'],
  ],
];

export const methodCases: Case[] = [
  ...refused.flatMap(([paths, methods, allowed]) =>
    paths.flatMap((path) =>
      methods.map((method): Case => ({
        what: `${method} ${path}`,
        bytes: request(method, path),
        status: 405,
        code: 'method_not_allowed',
        headers: { allow: sameSet(allowed) },
      })),
    ),
  ),
  {
    what: 'PATCH with a body',
    bytes: requestWithBody('PATCH', '/api/billing', JSON.stringify(ORDER)),
    status: 405,
    code: 'method_not_allowed',
  },
  {
    what: 'a method override that nobody offers',
    bytes: request('GET', '/api/movies', 'X-HTTP-Method-Override: DELETE\r\n'),
    status: 200,
  },
  { what: 'HEAD of a list', bytes: request('HEAD', '/api/movies'), status: 200 },
  { what: 'HEAD of a movie', bytes: request('HEAD', FIRST_MOVIE), status: 200 },
  { what: 'HEAD of orders', bytes: request('HEAD', '/api/billing'), status: 200 },
];

/** Matches a list of exactly these methods, in any order. */
function sameSet(methods: string[]): RegExp {
  const each = methods.map((method) => `(?=.*\\b${method}\\b)`).join('');
  return new RegExp(`^${each}\\w+(, ?\\w+){${methods.length - 1}}$`);
}
