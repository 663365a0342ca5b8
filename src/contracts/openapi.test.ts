import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { openApi } from './openapi.ts';

const document = JSON.parse(JSON.stringify(openApi)) as Record<string, unknown>;

test('the description is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  assert.deepEqual((await validator.validate(document)).errors, undefined);
  assert.equal(validator.version, '3.1');
});

test('every reference leads somewhere', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path);
  assert.ok(references.length > 50);
  for (const path of references) {
    const target = path
      .split('/')
      .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
    assert.ok(target, `${path} is missing`);
  }
});

interface MediaType {
  schema: object;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}

test('every example is what its schema says', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true, multipleOfPrecision: 3 });
  ajv.addSchema(document, 'api', false, false);
  let checked = 0;

  function walk(value: unknown, pointer: string): void {
    if (typeof value !== 'object' || value === null) return;
    if ('schema' in value && ('example' in value || 'examples' in value)) {
      const { example, examples = {} } = value as MediaType;
      const check = ajv.compile({ $ref: `api#${encodeURI(pointer)}/schema` });
      for (const each of [example, ...Object.values(examples).map((named) => named.value)]) {
        if (each === undefined) continue;
        assert.ok(check(each), `${pointer}: ${ajv.errorsText(check.errors)}`);
        checked += 1;
      }
    }
    for (const [key, child] of Object.entries(value)) {
      walk(child, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    }
  }
  walk(document, '');
  assert.ok(checked > 50);
});
