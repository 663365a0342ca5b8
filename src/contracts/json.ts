/** 15 significant decimal digits survive a round trip through a double unchanged (IEEE 754). */
const EXACT_DIGITS = 15;

/** The smallest double with all its digits. */
const SMALLEST_EXACT = 2 ** -1022;

/** `JSON.parse` as ECMAScript 2026 has it: the reviver also sees the digits as they were written. */
type ParseWithSource = (
  text: string,
  reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown;

const parseWithSource = JSON.parse as ParseWithSource;

/**
 * Parses JSON without changing what it says: a number that a double cannot hold exactly (or -0) becomes NaN, which no
 * schema accepts, instead of a near-by amount of money. Gateway and billing-app both parse with it, so both see the same.
 * Throws SyntaxError on malformed JSON and on keys that could reach an object's prototype.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return isHarmless(value, NESTING_MAX) ? value : parseWithCare(text);
}

/** Deeper values are looked through with care only. */
const NESTING_MAX = 4;

/** Without a number that may have been changed, and without a key to look at: so is nearly every body, and it takes half the time. */
function isHarmless(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return false;
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0 || Object.hasOwn(value, '__proto__') || Object.hasOwn(value, 'constructor')) return false;
  return Object.values(value).every((member) => isHarmless(member, depth - 1));
}

function parseWithCare(text: string): unknown {
  return parseWithSource(text, (key, value, { source }) => {
    if (key === '__proto__' || (key === 'constructor' && hasPrototypeKey(value))) {
      throw new SyntaxError(`forbidden key ${key}`);
    }
    if (typeof value === 'number') return isExact(value, source ?? '') ? value : Number.NaN;
    return value;
  });
}

function isExact(value: number, source: string): boolean {
  if (Object.is(value, -0) || !Number.isFinite(value)) return false;
  if (String(value) === source) return true;
  const digits = source
    .replace(/[eE].*$/, '')
    .replaceAll(/[-.]/g, '')
    .replace(/^0+/, '');
  // What is closer to 0 than this has fewer digits, or none: it would become 0.
  return digits === '' || (digits.length <= EXACT_DIGITS && Math.abs(value) >= SMALLEST_EXACT);
}

function hasPrototypeKey(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype');
}
