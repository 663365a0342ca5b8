import type { FieldError } from '@orchestrator/contracts/problem.ts';
import { Ajv } from 'ajv';
import type { ErrorObject, Options, ValidateFunction } from 'ajv';

/** More entries than this help nobody, and a hostile body could ask for thousands. */
const FIELD_ERRORS_MAX = 20;

const options: Options = {
  allErrors: true,
  verbose: true,
  strict: true,
  strictTypes: false,
  strictNumbers: true,
  removeAdditional: false,
  validateFormats: false,
  meta: false,
  validateSchema: false,
};

const strict = withDecimalMultiples(new Ajv(options));

/**
 * Decides `multipleOf: 0.01` on the decimal digits. Ajv divides, and takes the quotient with a tolerance: either 250.1 is no
 * multiple then, or 250.000001 is one.
 */
function withDecimalMultiples(ajv: Ajv): Ajv {
  const keyword = 'multipleOf';
  return ajv.removeKeyword(keyword).addKeyword({
    keyword,
    type: 'number',
    schemaType: 'number',
    compile: (step: number) => {
      const places = -Math.log10(step);
      if (!Number.isInteger(places) || places < 0) throw new Error(`${keyword} must be a power of ten, such as 0.01`);
      return (value: number) => Number(value.toFixed(places)) === value;
    },
  });
}

/** A check of values that are what they claim to be: JSON bodies and messages. */
export function compileBodyCheck<T>(schema: object): ValidateFunction<T> {
  return strict.compile<T>(schema);
}

/** A check of query parameters. They arrive as text: digits become a number, in place, where the schema asks for one. */
export function compileQueryCheck(schema: QuerySchema): QueryCheck {
  const isValid = strict.compile(schema);
  const numbers = Object.keys(schema.properties).filter((name) => schema.properties[name]?.type === 'integer');

  function check(query: Record<string, unknown>): boolean {
    for (const name of numbers) {
      const text = query[name];
      if (typeof text === 'string' && /^[0-9]+$/.test(text)) query[name] = Number(text);
    }
    const result = isValid(query);
    check.errors = isValid.errors ?? null;
    return result;
  }
  check.errors = isValid.errors ?? null;
  return check;
}

export interface QuerySchema {
  properties: Record<string, { type: string }>;
}

interface QueryCheck {
  (query: Record<string, unknown>): boolean;
  /** What was wrong the last time. */
  errors?: ErrorObject[] | null;
}

/** One entry per wrong field, in the words of the schema's `description`. */
export function fieldErrors(errors: readonly ErrorObject[]): FieldError[] {
  const byField = new Map<string, FieldError>();
  for (const error of errors) {
    const field = fieldName(error);
    const known = byField.get(field);
    // The field's own schema has the description; the branches of its anyOf only have their rules.
    if (!known || describes(error)) byField.set(field, { field, rule: error.keyword, message: message(error) });
  }
  return [...byField.values()].slice(0, FIELD_ERRORS_MAX);
}

function fieldName({ instancePath, params, keyword }: ErrorObject): string {
  const parent = instancePath.slice(1).replaceAll('/', '.');
  const child: unknown = keyword === 'required' ? params['missingProperty'] : params['additionalProperty'];
  return typeof child === 'string' ? [parent, child.toWellFormed().slice(0, 64)].filter(Boolean).join('.') : parent;
}

function describes({ parentSchema }: ErrorObject): boolean {
  return typeof parentSchema?.['description'] === 'string';
}

function message(error: ErrorObject): string {
  if (error.keyword === 'required') return 'is missing';
  if (error.keyword === 'additionalProperties') return 'is not a known field';
  const description: unknown = error.parentSchema?.['description'];
  return typeof description === 'string' ? `must be ${description}` : (error.message ?? 'is not valid');
}
