import type { Case } from './bad-input.case.ts';
import { request } from './exchange.ts';

const list = (target: string): Case => ({
  what: `GET ${target.slice(0, 60)}`,
  bytes: request('GET', target),
  status: 200,
});

const refused = (field: string, query: string, paths: string[]): Case[] =>
  paths.map((path) => ({
    what: `GET ${path}?${query.slice(0, 50)}`,
    bytes: request('GET', `${path}?${query}`),
    status: 422,
    code: 'invalid_field',
    fields: [field],
  }));

const BOTH = ['/api/movies', '/api/movies/', '/api/billing', '/api/billing/'];
const MOVIES = ['/api/movies'];

const limits = [
  '0',
  '-1',
  '101',
  '1000000',
  '1.5',
  'abc',
  '',
  'ten',
  '1,0',
  '١٠',
  '1e400',
  '1e1',
  '0x10',
  ' ',
  ' 7',
  '7+',
  'NaN',
  'Infinity',
  'null',
  'true',
  '9007199254740993',
  "1'--",
  '1;DROP',
  '1%00',
  '%zz',
].flatMap((value) => refused('limit', `limit=${encodeQuery(value)}`, BOTH));

const afters = [
  '-1',
  '1.5',
  'abc',
  '',
  '9007199254740993',
  '99999999999999999999',
  '1e400',
  'NaN',
  '1%00',
  'null',
].flatMap((value) => refused('after', `after=${encodeQuery(value)}`, BOTH));

const repeated = [
  ...refused('limit', 'limit=1&limit=2', BOTH),
  ...refused('after', 'after=1&after=2', BOTH),
  ...refused('title', 'title=a&title=b', MOVIES),
];

const titles = [
  ...refused('title', `title=${'x'.repeat(256)}`, MOVIES),
  ...refused('title', `title=${'%F0%9F%98%80'.repeat(100)}${'x'.repeat(156)}`, MOVIES),
  ...refused('title', 'title=a%00b', MOVIES),
];

const several: Case = {
  what: 'every parameter wrong',
  bytes: request('GET', `/api/movies?limit=0&after=-1&title=${'x'.repeat(256)}`),
  status: 422,
  code: 'invalid_field',
  fields: ['after', 'limit', 'title'],
};

/** Whatever the text, it is a text to look for. */
const harmless = [
  '/api/movies?title=%25',
  '/api/movies?title=_',
  '/api/movies?title=%5c',
  '/api/movies?title=%5c%25',
  '/api/movies?title=%27%20OR%20%271%27=%271',
  "/api/movies?title=';DROP%20TABLE%20movies;--",
  '/api/movies?title=',
  '/api/movies?title',
  '/api/movies?title=%F0%9F%98%80',
  '/api/movies?title=a+b',
  '/api/movies?title=a%0d%0aX:y',
  '/api/movies?title=%1b[31m',
  '/api/movies?title=%ff',
  '/api/movies?title=%',
  '/api/movies?title=%ed%a0%80',
  `/api/movies?title=${'x'.repeat(255)}`,
  `/api/movies?title=${'%F0%9F%98%80'.repeat(150)}`,
  '/api/movies?title[]=a',
  '/api/movies?title[$ne]=a',
  '/api/movies?title.x=a',
  '/api/movies?unknown=1',
  '/api/movies?__proto__=1&constructor=2',
  '/api/movies?__proto__[limit]=1',
  '/api/movies?&&&=&=',
  '/api/movies??',
  '/api/movies?limit=100&after=0',
  '/api/movies?limit=1&after=9007199254740991',
  '/api/billing?limit=100',
  '/api/billing?limit=1&after=9007199254740991',
  '/api/billing?after=0',
  '/api/billing?title=x',
  '/api/billing?__proto__=1',
  '/api/movies#fragment',
].map(list);

export const queryCases: Case[] = [...limits, ...afters, ...repeated, ...titles, several, ...harmless];

/** Escapes what is no ASCII, and nothing that is escaped already. */
function encodeQuery(text: string): string {
  return encodeURI(text).replaceAll('%25', '%');
}
