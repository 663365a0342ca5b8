import type { ProblemCode } from '@orchestrator/contracts/problem.ts';
import type { Bytes } from './exchange.ts';

/** One request as bytes, and what it must be answered with. */
export interface Case {
  what: string;
  bytes: Bytes;
  status: number;
  /** The code of the problem; none where the request is answered with success. */
  code?: ProblemCode;
  /** Of a 422: the fields that are named, all of them. */
  fields?: string[];
  /** Of a success: the fields of the row or of the movie, as text. */
  stored?: Record<string, string>;
  /** Headers that the answer must have. */
  headers?: Record<string, RegExp>;
  /** What was sent and must not come back. */
  hush?: string;
  /** The server reads on after its answer and finds bytes that are no request: the connection ends. */
  ends?: true;
}

/** What came with the value `hush` in a request never comes back in an answer. */
export const HUSH = 'hush-7f3a';

export const ORDER = { user_id: '20', number_of_items: '99', total_amount: '250' };
export const MOVIE = { title: 'A new movie', description: 'Very short description' };

/** The first movie of the database; it is there before the cases are sent. */
export const FIRST_MOVIE = '/api/movies/1';

/** JSON of a value that is taken, and the text it is stored as; a text of its own where that is left out. */
type Good = string | [json: string, stored: string];

/** For each field the values that are taken and those that are refused, as JSON. */
export type Fields = Record<string, { good: Good[]; wrong: string[] }>;

export const text = (value: string): string => JSON.stringify(value);

/** One character, two UTF-16 code units, four bytes. */
export const EMOJI = '😀';

/** What no text field takes. */
export const NO_TEXT = ['null', 'true', 'false', '[]', '{}', '["a"]', `{"a":"${HUSH}"}`];
