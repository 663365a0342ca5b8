import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv';
import type { Answer } from './exchange.ts';

interface Reference {
  $ref?: string;
}
interface Header extends Reference {
  required?: boolean;
  schema?: object;
}
interface ResponseObject extends Reference {
  headers?: Record<string, Header>;
  content?: Record<string, { schema?: object }>;
}
interface Operation {
  responses: Record<string, ResponseObject>;
  parameters?: Array<Reference & { name: string; in: string; schema?: object }>;
  requestBody?: Reference & { content: Record<string, { schema: object }> };
}
export interface ApiDocument {
  openapi: string;
  info: Record<string, unknown>;
  paths: Record<string, Record<string, Operation>>;
}

export interface Conformance {
  /** What is wrong with an answer, by the document; nothing when all is well. */
  violations: (method: string, target: string, answer: Answer) => string[];
  /** The template of a target's path, undefined where the document has none. */
  templateOf: (target: string) => string | undefined;
  /** Each `METHOD template status` that was looked at so far. */
  seen: ReadonlySet<string>;
}

/** Compares answers with an OpenAPI 3.1 document: status, content type, required headers, and the body by its schema. */
export function createConformance(document: ApiDocument): Conformance {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document, 'api', false, false);
  const templates = Object.keys(document.paths).map((template) => ({ template, pattern: patternOf(template) }));
  const checks = new Map<string, ValidateFunction>();
  const seen = new Set<string>();

  const templateOf = (target: string): string | undefined => {
    const path = target.split(/[?#]/, 1)[0]!.replace(/(?<=.)\/$/, '');
    // An escaped letter stands for the letter.
    const plain = path.replaceAll(/%[46][1-9a-f]|%[57][0-9a]/gi, (escaped) => decodeURIComponent(escaped));
    return templates.find(({ pattern }) => pattern.test(plain))?.template;
  };

  function bodyViolations(pointer: string, body: string): string[] {
    const check = checks.get(pointer) ?? ajv.compile({ $ref: `api#${pointer}` });
    checks.set(pointer, check);
    try {
      return check(JSON.parse(body)) ? [] : [`body: ${ajv.errorsText(check.errors)}`];
    } catch {
      return [`body: not JSON: ${body.slice(0, 80)}`];
    }
  }

  return {
    templateOf,
    seen,
    violations: (method, target, answer) => {
      const template = templateOf(target);
      const operation = template && document.paths[template]?.[method === 'HEAD' ? 'get' : method.toLowerCase()];
      if (!template || !operation) return undocumented(method, target, answer);
      const status = [String(answer.status), `${Math.floor(answer.status / 100)}XX`, 'default'].find(
        (key) => key in operation.responses,
      );
      if (status === undefined) return [`${method} ${template}: the status ${answer.status} is not documented`];
      seen.add(`${method} ${template} ${status}`);
      const { value: response, pointer } = resolve(
        document,
        operation.responses[status]!,
        `/paths/${escape(template)}/${method === 'HEAD' ? 'get' : method.toLowerCase()}/responses/${status}`,
      );
      const found = [
        ...Object.entries(response.headers ?? {})
          .filter(([name, header]) => resolve(document, header, '').value.required && !answer.headers.has(name))
          .map(([name]) => `the header ${name} is missing`),
        ...contentViolations(response, method, answer, (type) =>
          bodyViolations(`${pointer}/content/${escape(type)}/schema`, answer.body),
        ),
      ];
      return found.map((what) => `${method} ${template} ${answer.status}: ${what}`);
    },
  };
}

/** By the document that the gateway itself hands out. */
export async function fetchConformance(gatewayUrl: string): Promise<Conformance> {
  const answer = await fetch(`${gatewayUrl}/openapi.json`);
  return createConformance((await answer.json()) as ApiDocument);
}

function contentViolations(
  { content = {} }: ResponseObject,
  method: string,
  answer: Answer,
  check: (type: string) => string[],
): string[] {
  const type = answer.headers.get('content-type')?.split(';', 1)[0] ?? '';
  const expected = Object.keys(content);
  if (expected.length === 0) return answer.body === '' ? [] : ['a body where none is documented'];
  if (!expected.includes(type)) return [`content type "${type}" instead of ${expected.join(' or ')}`];
  if (method === 'HEAD' || !content[type]?.schema || !type.endsWith('json')) return [];
  return check(type);
}

/** What no operation describes is not there: a problem that says so. */
function undocumented(method: string, target: string, { status, headers }: Answer): string[] {
  if (status < 400) return [`${method} ${target}: answered ${status}, and is not documented`];
  return headers.get('content-type') === 'application/problem+json' ? [] : [`${method} ${target}: not a problem`];
}

function resolve<T extends Reference>(document: ApiDocument, value: T, pointer: string): { value: T; pointer: string } {
  if (value.$ref === undefined) return { value, pointer };
  const target = value.$ref.replace(/^#/, '');
  let found: unknown = document;
  for (const key of target.split('/').slice(1)) {
    found = (found as Record<string, unknown>)[key.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  if (found === undefined) throw new Error(`${value.$ref} leads nowhere`);
  return resolve(document, found as T, target);
}

function patternOf(template: string): RegExp {
  const source = template.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`).replaceAll(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^${source}$`);
}

const escape = (key: string): string => encodeURI(key.replaceAll('~', '~0').replaceAll('/', '~1'));
