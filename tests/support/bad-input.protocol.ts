import { FIRST_MOVIE, HUSH, MOVIE, ORDER } from './bad-input.case.ts';
import type { Case } from './bad-input.case.ts';
import { request, requestWithBody } from './exchange.ts';

const order = JSON.stringify(ORDER);
const movie = JSON.stringify(MOVIE);
const JSON_TYPE = 'Content-Type: application/json\r\n';
const CHUNKED = `${JSON_TYPE}Transfer-Encoding: chunked\r\n`;

const malformed = (what: string, bytes: string | Buffer): Case => ({
  what,
  bytes,
  status: 400,
  code: 'malformed_request',
});

const chunked = (...chunks: string[]): string =>
  [...chunks, ''].map((chunk) => `${Buffer.byteLength(chunk).toString(16)}\r\n${chunk}\r\n`).join('');

/** Both endpoints that read a body: one checks it itself, the other passes it on. */
const onBoth = (make: (target: string, body: string) => Case[]): Case[] =>
  [
    ['/api/billing', order],
    ['/api/movies', movie],
  ].flatMap(([target = '', body = '']) =>
    make(target, body).map((one) => ({ ...one, what: `${one.what} (${target})` })),
  );

/** A message whose end can be read in two ways could smuggle a second one past a proxy. */
const framing = onBoth((target, body) => [
  malformed(
    'Content-Length and Transfer-Encoding',
    request('POST', target, `${CHUNKED}Content-Length: ${body.length}\r\n`, chunked(body)),
  ),
  malformed('two lengths', request('POST', target, `${JSON_TYPE}Content-Length: 3\r\nContent-Length: 4\r\n`, 'abcd')),
  malformed('a list of lengths', request('POST', target, `${JSON_TYPE}Content-Length: 3, 3\r\n`, 'abc')),
  malformed('a negative length', request('POST', target, `${JSON_TYPE}Content-Length: -1\r\n`, body)),
  malformed('a length with a sign', request('POST', target, `${JSON_TYPE}Content-Length: +${body.length}\r\n`, body)),
  malformed('a hexadecimal length', request('POST', target, `${JSON_TYPE}Content-Length: 0x10\r\n`, body)),
  malformed('a length with an exponent', request('POST', target, `${JSON_TYPE}Content-Length: 1e3\r\n`, body)),
  malformed(
    'a length beyond 64 bits',
    request('POST', target, `${JSON_TYPE}Content-Length: ${'9'.repeat(25)}\r\n`, body),
  ),
  malformed('an unknown coding', request('POST', target, `${JSON_TYPE}Transfer-Encoding: ${HUSH}\r\n`, chunked(body))),
  malformed(
    'chunked twice over',
    request('POST', target, `${JSON_TYPE}Transfer-Encoding: chunked, identity\r\n`, chunked(body)),
  ),
  malformed('a chunk size that is no number', request('POST', target, CHUNKED, 'zz\r\n{}\r\n0\r\n\r\n')),
  malformed('a negative chunk size', request('POST', target, CHUNKED, '-2\r\n{}\r\n0\r\n\r\n')),
  malformed('a chunk longer than its size', request('POST', target, CHUNKED, `1\r\n${body}\r\n0\r\n\r\n`)),
]);

const syntax: Case[] = [
  malformed('no HTTP at all', `${HUSH}\r\n\r\n`),
  malformed('a TLS handshake', Buffer.from('16030100c4010000c003035f0a1b2c3d4e5f60718293a4b5c6d7e8f90a0b0c0d', 'hex')),
  malformed('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  malformed('HTTP/3.7', 'GET /api/movies HTTP/3.7\r\nHost: a\r\n\r\n'),
  malformed('a version that is none', `GET /api/movies ${HUSH}/1.1\r\nHost: a\r\n\r\n`),
  malformed('a method that is none', request('BREW', '/api/movies')),
  malformed('a method in lower case', request('get', '/api/movies')),
  malformed('a space in the target', request('GET', '/api/movies /1')),
  malformed('a NUL in the target', request('GET', '/api/movies/\u0000')),
  malformed('a line feed in the target', request('GET', '/api/mov\nies')),
  malformed('a header without a colon', request('GET', '/api/movies', `${HUSH}\r\n`)),
  malformed('a header without a name', request('GET', '/api/movies', `: ${HUSH}\r\n`)),
  malformed('a space before the colon', request('GET', '/api/movies', `X-Test : ${HUSH}\r\n`)),
  malformed('a space in a name', request('GET', '/api/movies', `X Test: ${HUSH}\r\n`)),
  malformed('a control character in a value', request('GET', '/api/movies', `X-Test: ${HUSH}\u0001\r\n`)),
  malformed('a NUL in a value', request('GET', '/api/movies', `X-Test: ${HUSH}\u0000\r\n`)),
  malformed('a bare carriage return in a value', request('GET', '/api/movies', `X-Test: a\rX: ${HUSH}\r\n`)),
  malformed('no Host', 'GET /api/movies HTTP/1.1\r\n\r\n'),
  malformed('two Hosts', request('GET', '/api/movies', 'Host: a\r\nHost: b\r\n')),
  malformed('an absolute target', request('GET', 'http://evil.example/api/movies')),
  malformed('an absolute target of its own', requestWithBody('POST', 'http://shop.example/api/billing', order)),
  malformed('an asterisk as target', request('OPTIONS', '*')),
  malformed('an authority as target', request('GET', 'evil.example:80')),
  malformed('a target without its first slash', request('GET', 'api/movies')),
];

const CONNECT: Case = {
  what: 'CONNECT',
  bytes: 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n',
  status: 405,
  code: 'method_not_allowed',
  headers: { allow: /./ },
};

const limits: Case[] = [
  ...['/api/movies', '/api/billing', '/health/live'].flatMap((target): Case[] => [
    {
      what: `headers beyond 8 KiB (${target})`,
      bytes: request('GET', target, `X-Test: ${HUSH.repeat(1000)}\r\n`),
      status: 431,
      code: 'headers_too_large',
    },
    {
      what: `101 headers (${target})`,
      bytes: request('GET', target, `X-Test: ${HUSH}\r\n`.repeat(100)),
      status: 431,
      code: 'headers_too_large',
    },
    // The gateway adds a few of its own to what it hands on.
    { what: `90 headers (${target})`, bytes: request('GET', target, 'X-Test: a\r\n'.repeat(89)), status: 200 },
    {
      what: `a target of 2049 characters (${target})`,
      bytes: request('GET', `${target}?x=${'y'.repeat(2049 - target.length - 3)}`),
      status: 414,
      code: 'uri_too_long',
    },
    {
      what: `a target of 2048 characters (${target})`,
      bytes: request('GET', `${target}?x=${'y'.repeat(2048 - target.length - 3)}`),
      status: 200,
    },
  ]),
  {
    what: 'a target beyond 8 KiB',
    bytes: request('GET', `/api/movies?title=${'y'.repeat(9000)}`),
    status: 431,
    code: 'headers_too_large',
  },
];

const expectations: Case[] = [
  {
    what: 'an expectation nobody knows',
    bytes: request('GET', '/api/movies', `Expect: ${HUSH}\r\n`),
    status: 417,
    code: 'expectation_failed',
  },
  ...onBoth((target, body) => [
    {
      what: 'an expectation nobody knows',
      bytes: requestWithBody('POST', target, body, `${JSON_TYPE}Expect: 200-ok\r\n`),
      status: 417,
      code: 'expectation_failed',
    },
  ]),
];

const unusualButGood: Case[] = [
  ...onBoth((target, body) => [
    {
      what: 'a chunked body',
      bytes: request('POST', target, CHUNKED, chunked(body.slice(0, 7), body.slice(7))),
      status: 200,
      stored: JSON.parse(body),
    },
    {
      what: 'a chunked body with extensions and a trailer',
      bytes: request(
        'POST',
        target,
        CHUNKED,
        `${body.length.toString(16)};a=b\r\n${body}\r\n0\r\nX-Trailer: a\r\n\r\n`,
      ),
      status: 200,
      stored: JSON.parse(body),
    },
    {
      what: 'Expect: 100-continue',
      bytes: requestWithBody('POST', target, body, `${JSON_TYPE}Expect: 100-continue\r\n`),
      status: 200,
      stored: JSON.parse(body),
    },
    {
      what: 'HTTP/1.0',
      bytes: `POST ${target} HTTP/1.0\r\n${JSON_TYPE}Content-Length: ${body.length}\r\n\r\n${body}`,
      status: 200,
      stored: JSON.parse(body),
      ends: true,
    },
    {
      what: 'Connection that names Content-Type',
      bytes: requestWithBody('POST', target, body, `${JSON_TYPE}Connection: keep-alive, content-type\r\n`),
      status: 200,
      stored: JSON.parse(body),
    },
    {
      what: 'Connection that names Content-Length',
      bytes: requestWithBody('POST', target, body, `${JSON_TYPE}Connection: content-length\r\n`),
      status: 200,
      stored: JSON.parse(body),
    },
  ]),
  { what: 'two spaces before the target', bytes: request('GET ', '/api/movies'), status: 200 },
  { what: 'an empty line before the request', bytes: `\r\n${request('GET', '/api/movies').toString()}`, status: 200 },
  { what: 'a GET with a body', bytes: requestWithBody('GET', '/api/billing', order), status: 200 },
  { what: 'a GET of movies with a body', bytes: requestWithBody('GET', FIRST_MOVIE, movie), status: 200 },
  {
    what: 'a DELETE with a body',
    bytes: requestWithBody('DELETE', '/api/movies/999999', movie),
    status: 404,
    code: 'not_found',
  },
];

export const protocolCases: Case[] = [...framing, ...syntax, CONNECT, ...limits, ...expectations, ...unusualButGood];
