import { readFileSync } from 'node:fs';
import { nearestWord } from '@orchestrator/orchestrator/spelling.ts';
import type { Path } from '@orchestrator/orchestrator/model/path.ts';
import type { Breach, Manifest } from './manifest.ts';
import { enums } from './schema.enums.ts';
import { faultOf, formats } from './schema.formats.ts';

/** What `schema.generate.ts` wrote: kinds by API version, and each type as `name: type; optional?: type`. */
const table = JSON.parse(readFileSync(new URL('schema.types.json', import.meta.url), 'utf8')) as {
  kinds: Record<string, string>;
  types: Record<string, string>;
};

interface Field {
  type: string;
  required: boolean;
}

/** Fields by type, then by name. */
export const types: ReadonlyMap<string, ReadonlyMap<string, Field>> = new Map(
  Object.entries(table.types).map(([type, fields]) => [type, parseFields(fields)]),
);

function parseFields(fields: string): Map<string, Field> {
  return new Map(
    fields.split('; ').map((field) => {
      const [, name = '', optional, type = ''] = /^([^?:]+)(\??): (.+)$/.exec(field) ?? [];
      return [name, { type, required: optional === '' }];
    }),
  );
}

/** What the API server of Kubernetes 1.36 would refuse in an object, or silently leave out. */
export function schemaBreaches(manifest: Manifest): Breach[] {
  const { apiVersion, kind, metadata } = manifest.object;
  const breaches: Breach[] = [];
  const report = (path: Path, message: string): void => void breaches.push({ at: manifest, path, message });
  const type = table.kinds[`${apiVersion} ${kind}`];
  if (type === undefined) report([apiVersion === undefined ? 'kind' : 'apiVersion'], kindFault(apiVersion, kind));
  else walk(manifest.object, type, [], report, type);
  if (metadata?.name === undefined) report(['metadata'], 'required field "name" is missing');
  return breaches;
}

function kindFault(apiVersion: string, kind: string): string {
  const known = Object.keys(table.kinds).map((each) => each.split(' ') as [string, string]);
  const version = known.find(([, name]) => name === kind)?.[0];
  if (version !== undefined) return `Kubernetes 1.36 has no ${kind} in ${apiVersion}, use ${version}`;
  return `unknown kind "${kind}"${didYouMean(
    kind,
    known.map(([, name]) => name),
  )}`;
}

type Report = (path: Path, message: string) => void;

/** `owner` is the type and field (`V1Service.spec`) by which enums and formats are found. */
function walk(value: unknown, type: string, path: Path, report: Report, owner: string): void {
  const [, item] = /^(.*)\[\]$/.exec(type) ?? [];
  const [, entry] = /^map\((.*)\)$/.exec(type) ?? [];
  const fields = types.get(type);
  if (value === null) report(path, `is empty: leave it out, or write {} where everything is meant`);
  else if (item !== undefined) {
    if (!Array.isArray(value)) return report(path, `must be a list, not ${describe(value)}`);
    for (const [index, each] of value.entries()) walk(each, item, [...path, index], report, owner);
  } else if (entry !== undefined) {
    if (!isObject(value)) return report(path, `must be an object, not ${describe(value)}`);
    for (const [key, each] of Object.entries(value)) walk(each, entry, [...path, key], report, owner);
  } else if (fields) {
    if (!isObject(value)) return report(path, `must be an object, not ${describe(value)}`);
    walkFields(value, type, fields, path, report);
  } else {
    const fault = scalarFault(value, type, owner, path);
    if (fault !== undefined) report(path, fault);
  }
}

function walkFields(
  value: Record<string, unknown>,
  type: string,
  fields: ReadonlyMap<string, Field>,
  path: Path,
  report: Report,
): void {
  for (const [name, each] of Object.entries(value)) {
    const field = fields.get(name);
    if (field) walk(each, field.type, [...path, name], report, `${type}.${name}`);
    else report([...path, name], `unknown field${didYouMean(name, [...fields.keys()])}`);
  }
  for (const [name, { required }] of fields) {
    if (required && !(name in value)) report(path, `required field "${name}" is missing`);
  }
}

/** What is wrong with a string, number or boolean; undefined when nothing is. */
function scalarFault(value: unknown, type: string, owner: string, path: Path): string | undefined {
  const format = formats[owner];
  // A quantity may be written as a number, and only there.
  const expected = format === 'quantity' && typeof value === 'number' ? 'double' : type;
  if (!isOfType(value, expected)) return `must be ${names[expected] ?? expected}, not ${describe(value)}`;
  const values = enums[owner];
  if (values && !values.includes(String(value)))
    return `"${String(value)}" is none of ${values.join(', ')}${didYouMean(String(value), values)}`;
  return format && faultOf(format, value as string | number, path.at(-1) ?? '');
}

const names: Record<string, string> = {
  string: 'a string',
  boolean: 'true or false',
  int32: 'a whole number',
  int64: 'a whole number',
  double: 'a number',
  byte: 'base64',
  'date-time': 'a time as in RFC 3339',
  'int-or-string': 'a whole number or a string',
};

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'any':
      return true;
    case 'string':
    case 'boolean':
      return typeof value === type;
    case 'double':
      return typeof value === 'number';
    case 'int32':
      return Number.isInteger(value) && Math.abs(value as number) < 2 ** 31;
    case 'int64':
      return Number.isInteger(value);
    case 'int-or-string':
      return typeof value === 'string' || isOfType(value, 'int32');
    case 'byte':
      return typeof value === 'string' && Buffer.from(value, 'base64').toString('base64') === value;
    case 'date-time':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value));
    default:
      throw new Error(`the schema has a type that nobody knows: ${type}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'an object';
  return typeof value === 'string' ? `the string "${value}"` : String(value);
}

function didYouMean(word: string, known: readonly string[]): string {
  const near = nearestWord(word, known);
  return near === undefined ? '' : `, did you mean "${near}"?`;
}
