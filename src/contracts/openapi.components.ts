import { deletedSchema, movieSchema, newMovieSchema } from './movie.ts';
import { acceptedOrderSchema, newOrderSchema, orderStateSchema, storedOrderSchema } from './order.ts';
import { problemSchema, problems } from './problem.ts';
import type { ProblemCode } from './problem.ts';

export type Json = Record<string, unknown>;

export const schemas = {
  Movie: movieSchema,
  NewMovie: newMovieSchema,
  Deleted: deletedSchema,
  NewOrder: newOrderSchema,
  AcceptedOrder: acceptedOrderSchema,
  OrderState: orderStateSchema,
  StoredOrder: storedOrderSchema,
  Problem: problemSchema,
};

export const ref = (name: keyof typeof schemas): Json => ({ $ref: `#/components/schemas/${name}` });
export const listOf = (name: keyof typeof schemas): Json => ({ type: 'array', items: ref(name) });
export const header = (name: string): Json => ({ $ref: `#/components/headers/${name}` });
export const parameter = (name: string): Json => ({ $ref: `#/components/parameters/${name}` });

export const headers = {
  'X-Request-Id': {
    description: 'Names this request in the logs; taken over from the request where it has a short one',
    schema: { type: 'string' },
  },
  Link: {
    description: 'Where the list goes on: `rel="next"` (RFC 8288); absent on the last page and without `limit`',
    schema: { type: 'string' },
  },
  'Retry-After': { description: 'Seconds to wait before the next try', schema: { type: 'integer', minimum: 0 } },
  Allow: { description: 'The methods that this path takes', schema: { type: 'string' } },
  ETag: { description: 'For If-None-Match', schema: { type: 'string' } },
  Location: { description: 'Where it is', schema: { type: 'string' } },
};

export const parameters = {
  MovieId: {
    name: 'id',
    in: 'path',
    required: true,
    description: 'the id of a movie, a whole number',
    schema: movieSchema.properties.id,
    example: 1,
  },
  TrackingId: {
    name: 'tracking_id',
    in: 'path',
    required: true,
    schema: acceptedOrderSchema.properties.tracking_id,
    example: '01989b1c-7e39-7c57-9d3f-5a4c8a1be001',
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'The same key again gives the same result, not a second row. Choose a new one (a UUID) for each new thing',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
  },
};

export const queryParameters = (schema: { properties: Record<string, { description: string }> }): Json[] =>
  Object.entries(schema.properties).map(([name, { description, ...property }]) => ({
    name,
    in: 'query',
    description,
    schema: property,
  }));

/** `own`: the headers beside X-Request-Id. */
export function answer(
  description: string,
  schema: Json,
  example: unknown,
  own: Array<keyof typeof headers> = [],
): Json {
  return {
    description,
    headers: Object.fromEntries(['X-Request-Id', ...own].map((name) => [name, header(name)])),
    content: { 'application/json': { schema, example } },
  };
}

/** The statuses of these errors, each with an example of every error that has it. */
export function failures(...codes: ProblemCode[]): Json {
  const byStatus = Object.groupBy(new Set(codes), (code) => problems[code].status);
  return Object.fromEntries(Object.entries(byStatus).map(([status, group]) => [status, failure(group)]));
}

export function failure(codes: ProblemCode[]): Json {
  const own = codes.flatMap((code): string[] => {
    if (code === 'method_not_allowed') return ['Allow'];
    return [429, 503, 504].includes(problems[code].status) ? ['Retry-After'] : [];
  });
  return {
    description: codes.map((code) => problems[code].title).join('; '),
    headers: Object.fromEntries(['X-Request-Id', ...own].map((name) => [name, header(name)])),
    content: {
      'application/problem+json': {
        schema: ref('Problem'),
        examples: Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }])),
      },
    },
  };
}

function exampleOf(code: ProblemCode): Json {
  const { title, status } = problems[code];
  const errors = [{ field: 'number_of_items', rule: 'required', message: 'is missing' }];
  return {
    type: 'about:blank',
    title,
    status,
    code,
    detail: 'What happened, and what to do now',
    ...(code === 'invalid_field' && { errors }),
    request_id: '8a80ca42-f523-423c-9b92-7515d0557f9e',
  };
}

export const body = (schema: Json, example: unknown): Json => ({
  required: true,
  content: { 'application/json': { schema, example } },
});

export const health = (status: string): Json => ({
  type: 'object',
  required: ['status'],
  properties: { status: { const: status } },
});

export const file = (description: string, type: string): Json => ({
  description,
  headers: { ETag: header('ETag') },
  content: { [type]: {} },
});

export const unchanged = { description: 'It is what If-None-Match names' };
