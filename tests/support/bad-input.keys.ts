import type { ProblemCode } from '@orchestrator/contracts/problem.ts';
import { MOVIE, ORDER } from './bad-input.case.ts';
import type { Case } from './bad-input.case.ts';
import { requestWithBody } from './exchange.ts';

const JSON_TYPE = 'Content-Type: application/json\r\n';

/** The endpoints that take an Idempotency-Key, with a body that they take. */
const endpoints: Array<[target: string, body: Record<string, string>]> = [
  ['/api/billing', ORDER],
  ['/api/movies/', MOVIE],
];

const unusableKeys: string[] = [
  '',
  ' ',
  'k'.repeat(256),
  'k'.repeat(4000),
  'two words',
  'tab\there',
  'é',
  '\u0080',
  '\u00ff\u00fe',
  'a, b',
];

const usableKeys: string[] = [
  'k',
  'K'.repeat(255),
  '"quoted"',
  "';DROP/**/TABLE/**/orders;--",
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '%00',
  'a,b',
  '~!@#$%^&*()',
];

export const keyCases: Case[] = endpoints.flatMap(([target, body]): Case[] => {
  const json = JSON.stringify(body);
  const send = (...given: string[]): Buffer =>
    requestWithBody('POST', target, json, JSON_TYPE + given.map((key) => `Idempotency-Key: ${key}\r\n`).join(''));
  return [
    ...unusableKeys.map((key) => ({
      what: `POST ${target}: Idempotency-Key ${JSON.stringify(key.slice(0, 20))} (${key.length})`,
      bytes: send(key),
      status: 400,
      code: 'malformed_request' as ProblemCode,
      ...(key.length > 8 && { hush: key }),
    })),
    {
      what: `POST ${target}: two Idempotency-Keys`,
      bytes: send('one', 'two'),
      status: 400,
      code: 'malformed_request',
    },
    {
      what: `POST ${target}: one Idempotency-Key twice`,
      bytes: send('one', 'one'),
      status: 400,
      code: 'malformed_request',
    },
    ...usableKeys.map((key) => ({
      what: `POST ${target}: Idempotency-Key ${key.slice(0, 20)}`,
      bytes: send(key),
      status: 200,
      stored: body,
    })),
    {
      what: `POST ${target}: a key does not excuse a wrong body`,
      bytes: requestWithBody('POST', target, '{}', `${JSON_TYPE}Idempotency-Key: wrong-body\r\n`),
      status: 422,
      code: 'invalid_field',
      fields: Object.keys(body),
    },
  ];
});
