import { createHash } from 'node:crypto';
import type { Movie, MovieQuery, NewMovie } from '@orchestrator/contracts/movie.ts';
import { PAGE_LIMIT_MAX } from '@orchestrator/contracts/page.ts';
import { Problem } from '@orchestrator/contracts/problem.ts';

/** A movie as JSON text, as the store makes it: nothing between the store and the client needs to look inside. */
export type MovieJson = string;

export interface Selection {
  /** Movies with a larger id. */
  after: number;
  /** Movies whose title contains it; empty for all. */
  title: string;
}

/** Consecutive movies of a selection, by ascending id. */
export interface Page {
  /** The movies, as a JSON array. */
  json: string;
  lastId: Movie['id'];
  /** Whether the selection goes on after `lastId`; if so, the page has as many movies as were asked for. */
  more: boolean;
}

/** Where movies are kept. Every method throws Problem `database_unavailable` when it cannot be reached. */
export interface MovieStore {
  /** Resolves when the store can be used. */
  check: () => Promise<unknown>;
  page: (selection: Selection, rows: number) => Promise<Page>;
  find: (id: Movie['id']) => Promise<MovieJson | undefined>;
  insert: (movie: NewMovie) => Promise<MovieJson>;
  /** Inserts unless something was inserted under this key before; then tells what, whatever became of it since. */
  insertOnce: (movie: NewMovie, key: string, fingerprint: Buffer) => Promise<{ movie: MovieJson; sameValues: boolean }>;
  update: (id: Movie['id'], movie: NewMovie) => Promise<MovieJson | undefined>;
  /** How many were deleted: of one id, or of all. */
  delete: (id: Movie['id']) => Promise<number>;
  deleteAll: () => Promise<number>;
}

/** Size of the first page of an unlimited list; a shorter list is read and sent in one go. */
const FIRST_PAGE_ROWS = PAGE_LIMIT_MAX;

/** About how many characters a further page has: little enough to hold for each slow reader and to be quick, enough to keep queries few. */
const PAGE_LENGTH = 32_768;

/** Keeps the query short when movies are tiny. */
const PAGE_ROWS_MAX = 1000;

/** The first page of a list: of `limit` movies, or of as many as are sensible. */
export async function firstPage(store: MovieStore, { limit, after = 0, title = '' }: MovieQuery): Promise<Page> {
  return store.page({ after, title }, limit ?? FIRST_PAGE_ROWS);
}

/** The rest of an unlimited list, page by page, each read when it is asked for. */
export async function* furtherPages(read: MovieStore['page'], title: string, first: Page): AsyncGenerator<Page> {
  let rows = FIRST_PAGE_ROWS;
  for (let page = first; page.more;) {
    rows = Math.ceil(Math.min((rows * PAGE_LENGTH) / page.json.length, PAGE_ROWS_MAX));
    page = await read({ after: page.lastId, title }, rows);
    yield page;
  }
}

/**
 * Creates a movie. With an idempotency key only the first time: the same key and values give the same answer again.
 * Throws Problem `idempotency_conflict` when the key stands for other values.
 */
export async function createMovie(store: MovieStore, movie: NewMovie, key: string | undefined): Promise<MovieJson> {
  if (key === undefined) return store.insert(movie);
  const created = await store.insertOnce(movie, key, fingerprint(movie));
  if (created.sameValues) return created.movie;
  throw new Problem(
    'idempotency_conflict',
    'This Idempotency-Key belongs to another movie: use a new key for a new one',
  );
}

/** The same for the same values, however the request wrote them down. */
function fingerprint({ title, description }: NewMovie): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([title, description]))
    .digest();
}
