import type { FromSchema } from 'json-schema-to-ts';
import { ID_MAX, pageQuerySchema } from './page.ts';

/** Well-formed text (no lone surrogates) without control characters except line feed and tab. Matched with the `u` flag. */
const TEXT = '(?:[^\\p{Cc}\\p{Cs}]|[\\n\\t])*';

const title = {
  type: 'string',
  minLength: 1,
  maxLength: 255,
  pattern: `^(?=[^]*\\S)${TEXT}$`,
  description: 'text of 1 to 255 characters, not only spaces, without control characters',
} as const;

const description = {
  type: 'string',
  maxLength: 4000,
  pattern: `^${TEXT}$`,
  description: 'text of at most 4000 characters, without control characters',
} as const;

export const movieSchema = {
  type: 'object',
  required: ['id', 'title', 'description'],
  properties: { id: { type: 'integer', minimum: 1, maximum: ID_MAX }, title, description },
} as const;

export const newMovieSchema = {
  type: 'object',
  required: ['title', 'description'],
  properties: { title, description },
  additionalProperties: false,
} as const;

/** `title`: those whose title contains it, in any case; every character stands for itself. */
export const movieQuerySchema = {
  type: 'object',
  properties: {
    ...pageQuerySchema.properties,
    title: {
      type: 'string',
      maxLength: 255,
      pattern: '^[^\\u0000]*$',
      description: 'a text of at most 255 characters',
    },
  },
} as const;

/** The answer to a deletion. */
export const deletedSchema = {
  type: 'object',
  required: ['message', 'deleted'],
  properties: {
    message: { type: 'string' },
    deleted: { type: 'integer', minimum: 0, description: 'how many movies were deleted' },
  },
} as const;

export type Movie = FromSchema<typeof movieSchema>;
export type NewMovie = FromSchema<typeof newMovieSchema>;
export type MovieQuery = FromSchema<typeof movieQuerySchema>;
export type Deleted = FromSchema<typeof deletedSchema>;

/** The largest request body of the movies API, in bytes: a description of 4000 characters, each escaped as a surrogate pair. */
export const MOVIE_BODY_LIMIT_BYTES = 65_536;
