import { EMOJI, FIRST_MOVIE, HUSH, MOVIE, NO_TEXT, ORDER, text } from './bad-input.case.ts';
import type { Case, Fields } from './bad-input.case.ts';
import { orderFields } from './bad-input.order-fields.ts';
import { requestWithBody } from './exchange.ts';

const movieFields: Fields = {
  title: {
    good: [
      text('A'),
      text('Amélie'),
      text('e\u0301'),
      text(' padded '),
      text('100 % _ \\ wolf'),
      text('line\nfeed\ttab'),
      text("Robert'); DROP TABLE movies;--"),
      text('<script>alert(1)</script>'),
      text('{{7*7}} ${7*7} %s %n'),
      text('\u202eabc\u200b'),
      text('null'),
      text('x'.repeat(255)),
      text(EMOJI.repeat(255)),
      ['"\\ud83d\\ude00"', EMOJI],
    ],
    wrong: [
      text(''),
      text(' '),
      text('\n\t'),
      text('\u3000\u00a0\u2003'),
      text('x'.repeat(256)),
      text(EMOJI.repeat(256)),
      text(`${HUSH}\u0000`),
      text('\u0001'),
      text('a\u001b[31m'),
      text('a\u007f'),
      text('a\u0085'),
      text('a\rb'),
      text('a\u000bb'),
      '"\\ud800"',
      '"a\\udfffb"',
      '1',
      '0',
      '-0',
      '1e999',
      ...NO_TEXT,
    ],
  },
  description: {
    good: [text(''), text(' '), text('x'.repeat(4000)), text(EMOJI.repeat(4000)), text('a\n\tb'), text('\u2028')],
    wrong: [
      text('x'.repeat(4001)),
      text(EMOJI.repeat(4001)),
      text(`${HUSH}\u0000`),
      text('\u0008'),
      text('a\r\nb'),
      text('a\u009f'),
      '"\\udbff"',
      '1',
      '1e999',
      ...NO_TEXT,
    ],
  },
};

export const fieldCases: Case[] = [
  ...casesOf('POST', '/api/billing', ORDER, orderFields),
  ...casesOf('POST', '/api/movies', MOVIE, movieFields),
  ...casesOf('PUT', FIRST_MOVIE, MOVIE, movieFields),
];

function casesOf(method: string, target: string, base: Record<string, string>, fields: Fields): Case[] {
  return Object.entries(fields).flatMap(([field, { good, wrong }]): Case[] => {
    const what = (json: string): string => `${method} ${target}: ${field} ${json.slice(0, 40)}`;
    const bytes = (json: string | undefined): Buffer => requestWithBody(method, target, withField(base, field, json));
    return [
      ...good.map((entry): Case => {
        const [json, stored] = typeof entry === 'string' ? [entry, JSON.parse(entry) as string] : entry;
        return { what: what(json), bytes: bytes(json), status: 200, stored: { ...base, [field]: stored } };
      }),
      ...wrong.map((json): Case => ({
        what: what(json),
        bytes: bytes(json),
        status: 422,
        code: 'invalid_field',
        fields: [field],
        hush: json.replaceAll('"', ''),
      })),
      {
        what: what('is missing'),
        bytes: bytes(undefined),
        status: 422,
        code: 'invalid_field',
        fields: [field],
      },
    ];
  });
}

/** The JSON of an object with one field replaced by raw JSON, or left out. */
function withField(base: Record<string, string>, field: string, json: string | undefined): string {
  const entries = Object.entries(base)
    .map(([name, value]) => [name, name === field ? json : JSON.stringify(value)])
    .filter(([, value]) => value !== undefined);
  return `{${entries.map(([name, value]) => `"${name}":${value}`).join(',')}}`;
}
