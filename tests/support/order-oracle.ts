/**
 * What is a valid order, decided anew and by other means than the product does: a few lines for each field, no schema. The
 * amounts are compared as whole cents, digit by digit.
 */
export type Verdict =
  /** To be stored with exactly these values. */
  | { is: 'valid'; values: Values }
  /** As above, or refused as a field error: numbers written with more digits than a double is sure to hold. */
  | { is: 'either'; values: Values }
  | { is: 'malformed' }
  | { is: 'invalid'; fields: string[] };

interface Values {
  user_id: string;
  number_of_items: string;
  total_amount: string;
}

/** A number as it is written. */
class Written {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

const FIELDS = ['user_id', 'number_of_items', 'total_amount'] as const;

/** Judges the bytes of a body. */
export function judgeOrder(body: Uint8Array): Verdict {
  const parsed = parse(body);
  if (parsed === undefined) return { is: 'malformed' };
  if (!isRecord(parsed.value)) return { is: 'invalid', fields: [''] };
  const order = new Map(Object.entries(parsed.value));
  const unknown = [...order.keys()].filter((name) => !FIELDS.some((field) => field === name));
  const judged = FIELDS.map((field) => judges[field](order.get(field)));
  const wrong = FIELDS.filter((_, at) => judged[at] === undefined);
  if (unknown.length + wrong.length > 0) return { is: 'invalid', fields: [...unknown, ...wrong] };
  const [user_id = '', number_of_items = '', total_amount = ''] = judged.map((one) => one?.text);
  const is = judged.some((one) => one?.isLong) ? 'either' : 'valid';
  return { is, values: { user_id, number_of_items, total_amount } };
}

interface Judged {
  text: string;
  isLong: boolean;
}

const judges: Record<(typeof FIELDS)[number], (value: unknown) => Judged | undefined> = {
  user_id: (value) => {
    if (typeof value === 'string') {
      const length = lengthOf(value);
      return length >= 1 && length <= 64 && isWellFormed(value) && !value.includes('\0') ? taken(value) : undefined;
    }
    const number = exact(value);
    return number && isWhole(number) && number.cents <= 9_007_199_254_740_991n * 100n ? whole(number) : undefined;
  },
  number_of_items: (value) => {
    if (typeof value === 'string') {
      const isPlain = isDigits(value) && value.length <= 7 && !value.startsWith('0');
      return isPlain && BigInt(value) <= 1_000_000n ? taken(value) : undefined;
    }
    const number = exact(value);
    return number && isWhole(number) && number.cents >= 100n && number.cents <= 100_000_000n
      ? whole(number)
      : undefined;
  },
  total_amount: (value) => {
    if (typeof value === 'string') {
      const [before = '', after, ...more] = value.split('.');
      const isAmount =
        isDigits(before) && before.length <= 10 && (after === undefined || (isDigits(after) && after.length <= 2));
      return isAmount && more.length === 0 ? taken(toMoney(value)) : undefined;
    }
    const number = exact(value);
    if (!number || number.cents > 999_999_999_999n) return undefined;
    return {
      text: toMoney(`${number.cents / 100n}.${String(number.cents % 100n).padStart(2, '0')}`),
      isLong: number.isLong,
    };
  },
};

/** An amount with two decimals and no leading zeros. */
export function toMoney(text: string): string {
  const [before = '', after = ''] = text.split('.');
  return `${BigInt(before)}.${after.padEnd(2, '0')}`;
}

interface Exact {
  cents: bigint;
  isLong: boolean;
}

/** A number as written, in cents; undefined where it is no number, is negative (-0 too), or has more than two decimals. */
function exact(value: unknown): Exact | undefined {
  if (!(value instanceof Written) || value.source.startsWith('-')) return undefined;
  const [mantissa = '', exponentText = '0'] = value.source.toLowerCase().split('e');
  const [before = '', after = ''] = mantissa.split('.');
  const digits = before + after;
  const isLong = digits.replace(/^0+/, '').length > 15 && String(Number(value.source)) !== value.source;
  // 10 to the power of this makes cents of the digits. What is as large or as small as the bound is no amount.
  const exponent = Number(exponentText) - after.length + 2;
  const coefficient = BigInt(digits);
  if (coefficient === 0n) return { cents: 0n, isLong };
  if (exponent > 400) return undefined;
  if (exponent >= 0) return { cents: coefficient * 10n ** BigInt(exponent), isLong };
  if (-exponent > digits.length) return undefined;
  const divisor = 10n ** BigInt(-exponent);
  return coefficient % divisor === 0n ? { cents: coefficient / divisor, isLong } : undefined;
}

const isWhole = ({ cents }: Exact): boolean => cents % 100n === 0n;
const whole = ({ cents, isLong }: Exact): Judged => ({ text: String(cents / 100n), isLong });
const taken = (text: string): Judged => ({ text, isLong: false });

const isDigits = (text: string): boolean => text !== '' && text.split('').every((unit) => unit >= '0' && unit <= '9');

/** Counted in code points, as PostgreSQL and people do. */
const lengthOf = (text: string): number => Array.from(text).length;

/** Judges the bytes of a movie's body: its values when it is one, else what is wrong. */
export function judgeMovie(
  body: Uint8Array,
): { is: 'valid'; values: { title: string; description: string } } | Verdict {
  const parsed = parse(body);
  if (parsed === undefined) return { is: 'malformed' };
  if (!isRecord(parsed.value)) return { is: 'invalid', fields: [''] };
  const movie = new Map(Object.entries(parsed.value));
  const [title, description] = [movie.get('title'), movie.get('description')];
  const fields = [...movie.keys()].filter((name) => name !== 'title' && name !== 'description');
  if (!isText(title, 255) || title.trim() === '') fields.push('title');
  if (!isText(description, 4000)) fields.push('description');
  if (fields.length > 0) return { is: 'invalid', fields };
  return { is: 'valid', values: { title: title as string, description: description as string } };
}

function isText(value: unknown, maxLength: number): value is string {
  if (typeof value !== 'string' || !isWellFormed(value) || lengthOf(value) > maxLength) return false;
  for (const character of value) {
    const code = character.codePointAt(0)!;
    if ((code < 0x20 && code !== 9 && code !== 10) || (code >= 0x7f && code <= 0x9f)) return false;
  }
  return true;
}

function isWellFormed(text: string): boolean {
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code >= 0xd800 && code <= 0xdfff) return false;
  }
  return true;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;

/** Undefined for what is no JSON in UTF-8, or has a key that could reach a prototype. */
function parse(body: Uint8Array): { value: unknown } | undefined {
  let isDangerous = false;
  const reviver: Reviver = (key, value, { source }) => {
    isDangerous ||=
      key === '__proto__' || (key === 'constructor' && isRecord(value) && Object.hasOwn(value, 'prototype'));
    return typeof value === 'number' ? new Written(source ?? '') : value;
  };
  try {
    const value: unknown = (JSON.parse as (text: string, reviver: Reviver) => unknown)(utf8.decode(body), reviver);
    return isDangerous ? undefined : { value };
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Written);
}
