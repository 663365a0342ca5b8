import type { ProblemCode } from '@orchestrator/contracts/problem.ts';
import { FIRST_MOVIE, HUSH, MOVIE, ORDER } from './bad-input.case.ts';
import type { Case } from './bad-input.case.ts';
import { requestWithBody } from './exchange.ts';

/** Every endpoint that reads a body, with one that it takes. */
const endpoints: Array<[method: string, target: string, body: Record<string, string>]> = [
  ['POST', '/api/billing', ORDER],
  ['POST', '/api/billing/', ORDER],
  ['POST', '/api/movies', MOVIE],
  ['POST', '/api/movies/', MOVIE],
  ['PUT', FIRST_MOVIE, MOVIE],
];

type Make = (good: string) => string | Buffer;

/** Bytes that are no JSON in UTF-8, or JSON that could reach an object's prototype. */
const malformed: Array<[what: string, make: Make]> = [
  ['nothing', () => ''],
  ['a space', () => ' '],
  ['a truncated object', (good) => good.slice(0, -1)],
  ['a truncated text', (good) => good.slice(0, -4)],
  ['half an object', (good) => good.slice(0, good.length / 2)],
  ['a trailing comma', (good) => `${good.slice(0, -1)},}`],
  ['a missing comma', (good) => good.replace(',', ' ')],
  ['a missing colon', (good) => good.replace(':', ' ')],
  ['a comment', (good) => `${good}// ${HUSH}`],
  ['a block comment', (good) => `/* ${HUSH} */${good}`],
  ['NaN', (good) => good.replace(/:"[^"]*"/, ':NaN')],
  ['Infinity', (good) => good.replace(/:"[^"]*"/, ':Infinity')],
  ['undefined', (good) => good.replace(/:"[^"]*"/, ':undefined')],
  ['a hexadecimal number', (good) => good.replace(/:"[^"]*"/, ':0x10')],
  ['a number with a leading zero', (good) => good.replace(/:"[^"]*"/, ':010')],
  ['a number with a plus', (good) => good.replace(/:"[^"]*"/, ':+1')],
  ['a number without a whole part', (good) => good.replace(/:"[^"]*"/, ':.5')],
  ['a number without decimals', (good) => good.replace(/:"[^"]*"/, ':5.')],
  ['single quotes', (good) => good.replaceAll('"', "'")],
  ['names without quotes', (good) => good.replaceAll(/"(\w+)":/g, '$1:')],
  ['a raw line feed in a text', (good) => good.replace('"}', '\n"}')],
  ['a raw tab in a text', (good) => good.replace('"}', '\t"}')],
  ['a raw NUL in a text', (good) => good.replace('"}', '\u0000"}')],
  ['an unknown escape', (good) => good.replace('"}', String.raw`\x41"}`)],
  ['half an escape', (good) => good.replace('"}', String.raw`\u12"}`)],
  ['two objects', (good) => good + good],
  ['an object and a word', (good) => `${good} ${HUSH}`],
  ['a form', () => `user_id=20&title=${HUSH}`],
  ['XML', () => `<order><user_id>${HUSH}</user_id></order>`],
  ['invalid UTF-8', (good) => Buffer.from(good.replace('"}', '\u00ff\u00fe"}'), 'latin1')],
  ['an overlong encoding', (good) => Buffer.from(good.replace('"}', '\u00c0\u00ae"}'), 'latin1')],
  ['an encoded surrogate', (good) => Buffer.from(good.replace('"}', '\u00ed\u00a0\u0080"}'), 'latin1')],
  ['a cut-off character', (good) => Buffer.from(good.replace('"}', '\u00f0\u009f\u0098"}'), 'latin1')],
  ['UTF-16', (good) => Buffer.from(good, 'utf16le')],
  ['UTF-16 with its mark', (good) => Buffer.from(`\ufeff${good}`, 'utf16le')],
  ['two byte order marks', (good) => `\ufeff\ufeff${good}`],
  ['compressed bytes', () => Buffer.from('1f8b0800000000000003abae0500', 'hex')],
  ['__proto__', (good) => `${good.slice(0, -1)},"__proto__":{"x":1}}`],
  ['__proto__ in escapes', (good) => `${good.slice(0, -1)},"\\u005f_proto__":1}`],
  ['constructor.prototype', (good) => `${good.slice(0, -1)},"constructor":{"prototype":{"x":1}}}`],
  ['nesting of 7,000', () => '['.repeat(7000) + ']'.repeat(7000)],
  ['nesting that never ends', () => '{"a":'.repeat(3000)],
];

/** JSON that is no order and no movie: the whole is wrong, or the named fields are. */
const wrong: Array<[what: string, make: Make, fields: string[]]> = [
  ['null', () => 'null', ['']],
  ['true', () => 'true', ['']],
  ['a number', () => '1', ['']],
  ['a text', () => JSON.stringify(HUSH), ['']],
  ['an empty text', () => '""', ['']],
  ['an array', () => '[]', ['']],
  ['an array of objects', (good) => `[${good}]`, ['']],
  ['an unknown field', (good) => `${good.slice(0, -1)},"colour":"${HUSH}"}`, ['colour']],
  ['an unknown field of a long name', (good) => `${good.slice(0, -1)},"${'n'.repeat(500)}":1}`, ['n'.repeat(64)]],
  ['a field without a name', (good) => `${good.slice(0, -1)},"":1}`, ['']],
  ['constructor', (good) => `${good.slice(0, -1)},"constructor":1}`, ['constructor']],
  ['toString', (good) => `${good.slice(0, -1)},"toString":1}`, ['toString']],
  ['an id', (good) => `${good.slice(0, -1)},"id":1}`, ['id']],
];

/** Unusual, and good. */
const good: Array<[what: string, make: Make]> = [
  ['a byte order mark', (json) => `\ufeff${json}`],
  ['white space around', (json) => ` \r\n\t${json}\n `],
  ['white space within', (json) => JSON.stringify(JSON.parse(json), null, '\t')],
  ['escaped names and values', (json) => json.replaceAll(/[a-z]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)],
  [
    'a name twice: the last counts',
    (json) => json.replace('{', '{"user_id":[],"title":true,').replace(...unknownOf(json)),
  ],
];

export const jsonCases: Case[] = endpoints.flatMap(([method, target, body]) => {
  const json = JSON.stringify(body);
  const send = (what: string, make: Make): Pick<Case, 'what' | 'bytes'> => ({
    what: `${method} ${target}: ${what}`,
    bytes: requestWithBody(method, target, make(json)),
  });
  return [
    ...malformed.map(([what, make]) => ({ ...send(what, make), status: 400, code: 'malformed_json' as ProblemCode })),
    ...wrong.map(([what, make, fields]) => ({
      ...send(what, make),
      status: 422,
      code: 'invalid_field' as ProblemCode,
      fields,
    })),
    { ...send('an empty object', () => '{}'), status: 422, code: 'invalid_field', fields: Object.keys(body) },
    {
      ...send('names in upper case', (good) => good.toUpperCase()),
      status: 422,
      code: 'invalid_field',
      fields: Object.keys(body).flatMap((name) => [name, name.toUpperCase()]),
    },
    ...good.map(([what, make]) => ({ ...send(what, make), status: 200, stored: body })),
  ];
});

/** Takes away the name that the other kind of body has. */
function unknownOf(json: string): [string, string] {
  return json.includes('user_id') ? ['"title":true,', ''] : ['"user_id":[],', ''];
}
