import fc from 'fast-check';

/** Characters that have broken something somewhere: surrogates, controls, white space, what SQL, LIKE, JSON and URLs reserve. */
const SPECIAL = [
  '\ud800',
  '\udfff',
  '\0',
  '\u0001',
  '\n',
  '\t',
  '\r',
  '\u001b',
  '\u007f',
  '\u0085',
  '\u2028',
  '\ufeff',
  ' ',
  '\u3000',
  '%',
  '_',
  '\\',
  "'",
  '"',
  '<',
  '٣',
  '１',
  'é',
  '😀',
];

const anyUnit = fc.oneof(
  { weight: 8, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...SPECIAL),
  },
);

/** Any text, well-formed or not. */
const anyText = fc.string({ unit: anyUnit, maxLength: 70 });

/** Text that every field for text takes. */
const plainText = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength }).map((text) => `a${text.slice(1)}`);

const numberText = fc.oneof(
  fc.integer().map(String),
  fc.integer({ min: 0, max: 1_000_001 }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.integer({ min: 0, max: 2 ** 40 }).map((cents) => String(cents / 100)),
  fc.integer({ min: 0, max: 2 ** 40 }).map((thousandths) => String(thousandths / 1000)),
  fc.stringMatching(/^-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,3})?$/),
  fc.constantFrom('-0', '0e9', '1e-2', '1E+2', '1e999', '-1e999', '1e-400', '9007199254740993', '250.000001', '1.0'),
);

const nested = fc.nat({ max: 20 }).map((depth) => `${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}`);

/** JSON of any value. */
const anyJson = fc.oneof(
  anyText.map((text) => JSON.stringify(text)),
  numberText,
  numberText.map((text) => `"${text}"`),
  fc.constantFrom('null', 'true', 'false', '[]', '{}', '""', '"null"', '[1]', '{"toString":1}'),
  nested,
);

/** JSON of something a field takes most of the time. */
const near = (good: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ weight: 12, arbitrary: good }, { weight: 1, arbitrary: anyJson });

const quoted = (text: string): string => JSON.stringify(text);

const amount = fc
  .tuple(fc.bigInt({ min: 0n, max: 9_999_999_999n }), fc.option(fc.stringMatching(/^[0-9]{1,2}$/)))
  .map(([whole, places]) => (places === null ? `${whole}` : `${whole}.${places}`));

const orderFields: Field[] = [
  ['user_id', near(fc.oneof(plainText(64).map(quoted), anyText.map(quoted), fc.nat().map(String)))],
  ['number_of_items', near(fc.integer({ min: 1, max: 1_000_000 }).chain((n) => fc.constantFrom(`${n}`, `"${n}"`)))],
  ['total_amount', near(amount.chain((text) => fc.constantFrom(text.replace(/^0+(?=[0-9])/, ''), `"${text}"`)))],
];

const movieFields: Field[] = [
  ['title', near(fc.oneof(plainText(255).map(quoted), anyText.map(quoted)))],
  ['description', near(fc.oneof(plainText(500).map(quoted), anyText.map(quoted)))],
];

type Field = [name: string, value: fc.Arbitrary<string>];

const anyName = fc.oneof(
  fc.constantFrom('id', 'User_id', 'title', 'user_id ', '', 'constructor', 'toString', '__proto__', 'a/b', 'a~b'),
  anyText,
);

/** The text of an object: mostly these fields, sometimes one less, one more, one twice, in any order, with white space. */
function objectText(fields: Field[]): fc.Arbitrary<string> {
  const all = fields.map(([name, value]) => value.map((json) => [JSON.stringify(name), json] as const));
  const extra = fc.tuple(
    fc.oneof(anyName, fc.constantFrom(...fields.map(([name]) => name))).map((name) => JSON.stringify(name)),
    anyJson,
  );
  return fc
    .record({
      entries: fc.tuple(...all),
      more: rarely(extra),
      without: rarely(fc.nat({ max: fields.length - 1 })),
      gap: fc.constantFrom('', '', '', ' ', '\n', '\t\r\n '),
    })
    .chain(({ entries, more, without, gap }) => {
      const kept = entries.filter((_, at) => at !== without);
      const members = [...kept, ...(more ? [more] : [])].map(([name, json]) => `${gap}${name}${gap}:${gap}${json}`);
      return fc
        .shuffledSubarray(members, { minLength: members.length })
        .map((text) => `{${text.join(`${gap},`)}${gap}}`);
    });
}

/** Present in one case of ten. */
function rarely<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
}

export const orderText = objectText(orderFields);
export const movieText = objectText(movieFields);

const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  deleted: fc.nat({ max: 2 }),
  inserted: fc.uint8Array({ maxLength: 2 }),
});

/** Some bytes of these replaced, taken out or put in. */
export function mutated(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Buffer> {
  return fc.tuple(bytes, fc.array(mutation, { minLength: 1, maxLength: 3 })).map(([original, mutations]) => {
    let result = Buffer.from(original);
    for (const { at, deleted, inserted } of mutations) {
      const start = Math.floor(at * result.length);
      result = Buffer.concat([result.subarray(0, start), inserted, result.subarray(start + deleted)]);
    }
    return result;
  });
}

/** A body as bytes: text of an object, such text with a few bytes changed, or nothing like it. */
export function bodyBytes(text: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  const bytes = text.map((json) => Buffer.from(json));
  return fc.oneof(
    { weight: 7, arbitrary: bytes },
    { weight: 2, arbitrary: mutated(bytes) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }).map((raw) => Buffer.from(raw)) },
  );
}

const segment = fc.oneof(
  fc.constantFrom('api', 'movies', 'billing', 'health', 'live', 'ready', 'docs', 'openapi.json', 'metrics', '1', '2'),
  fc.constantFrom(
    '',
    '.',
    '..',
    '%2e%2e',
    '%2E',
    '..%2f',
    '%5c',
    ';',
    '%00',
    '%0d%0a',
    '%',
    '%zz',
    '%c0%ae',
    '%ff',
    '*',
  ),
  fc.constantFrom(
    '018f2f4e-0000-7000-8000-000000000000',
    '01',
    '-1',
    '1e3',
    '99999999999999999999',
    '%6dovies',
    'Movies',
  ),
  fc.stringMatching(/^[!-~]{1,12}$/).map((text) => text.replaceAll(/[?#/]/g, 'x')),
  anyText.map((text) => encodeURIComponent(text.toWellFormed())),
);

/** The path of a request target. */
export const path = fc.oneof(
  fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`),
  fc.array(segment, { maxLength: 3 }).map((segments) => ['/api/movies', ...segments].join('/')),
  fc.array(segment, { maxLength: 3 }).map((segments) => ['/api/billing', ...segments].join('/')),
);

const queryValue = fc.oneof(
  fc.nat({ max: 102 }).map(String),
  numberText,
  anyText.map((text) => encodeURIComponent(text.toWellFormed())),
  fc.stringMatching(/^[!-~]{0,12}$/).map((text) => text.replaceAll(/[&#]/g, 'x')),
  fc.constantFrom('', '%', '%ff', '%00', 'a+b', 'NaN', 'Infinity', '0x10', '%20', '1e2', '%31'),
);

/** The parameters of a query, as written. */
export const query = fc.array(
  fc.tuple(fc.constantFrom('limit', 'after', 'title', 'limit', 'after', 'title', 'other', '__proto__', ''), queryValue),
  { maxLength: 4 },
);

/** A header's value: bytes that HTTP allows there, without white space around. */
export const headerValue = fc
  .array(fc.oneof(fc.integer({ min: 0x21, max: 0x7e }), fc.constantFrom(0x20, 0x09, 0x80, 0xe9, 0xff)), {
    maxLength: 300,
  })
  .map((codes) => String.fromCharCode(...codes).trim());

/** Names of headers that mean nothing to anyone. */
export const headerName = fc.stringMatching(/^[A-Za-z!#$%&'*+.^_`|~-]{1,20}$/).map((name) => `X${name}`);
