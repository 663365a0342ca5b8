import type { FromSchema } from 'json-schema-to-ts';

/** The most entries one page may have. */
export const PAGE_LIMIT_MAX = 100;

/** The largest value of a PostgreSQL `bigint` that JavaScript holds exactly; no id of ours gets near it. */
export const ID_MAX = Number.MAX_SAFE_INTEGER;

const limit = {
  type: 'integer',
  minimum: 1,
  maximum: PAGE_LIMIT_MAX,
  description: `a whole number from 1 to ${PAGE_LIMIT_MAX}`,
} as const;

const after = {
  type: 'integer',
  minimum: 0,
  maximum: ID_MAX,
  description: 'the id of the last entry of the page before',
} as const;

export const pageQuerySchema = { type: 'object', properties: { limit, after } } as const;

export type PageQuery = FromSchema<typeof pageQuerySchema>;
