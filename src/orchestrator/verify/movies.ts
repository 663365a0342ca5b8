import { isDeepStrictEqual } from 'node:util';
import type { Target } from '../target/target.ts';
import type { Walk } from './check.ts';
import { clientOf, expectStatus } from './client.http.ts';
import type { Reply } from './client.http.ts';
import { expect } from './promise.ts';

export interface Movie {
  id: number;
  title: string;
  description: string;
}

/** A movie of this walk; `name` follows the tag in its title. */
export const movieOf = ({ tag }: Walk, name: string): Omit<Movie, 'id'> => ({
  title: `${tag} ${name}`,
  description: 'Very short description',
});

/** Creates a movie at the gateway. @throws Broken unless it is answered with the movie */
export async function create(target: Target, walk: Walk, name: string, path = '/api/movies'): Promise<Movie> {
  const movie = movieOf(walk, name);
  return expectMovie(await clientOf(target)('POST', path, { json: movie }), movie);
}

/** @throws Broken unless it is a 200 with this movie and an id; returns it */
export function expectMovie(reply: Reply, { title, description }: Omit<Movie, 'id'>): Movie {
  const movie = expectStatus(reply, 200, 'with the movie') as Movie | undefined;
  const fits = isDeepStrictEqual(movie, { id: movie?.id, title, description }) && Number.isInteger(movie?.id);
  expect(fits, `${reply.shown}; expected {"id", "title", "description"} with the values that were sent`);
  return movie!;
}

/** @throws Broken unless it is a 200 with an array of movies; returns those of this walk */
export function expectList(reply: Reply, { tag }: Walk): Movie[] {
  const list = expectStatus(reply, 200, 'with an array') as Movie[];
  const isMovie = (entry: Movie): boolean => Object.keys(entry).toSorted().join() === 'description,id,title';
  expect(
    Array.isArray(list) && list.every(isMovie),
    `${reply.shown}; expected a JSON array of {"id", "title", "description"}`,
  );
  return list.filter(({ title }) => title.startsWith(tag));
}

/** @throws Broken unless the list shows exactly these of this walk, by id */
export function expectMovies(reply: Reply, walk: Walk, expected: readonly Movie[]): void {
  const shown = expectList(reply, walk);
  const titles = (movies: readonly Movie[]): string => JSON.stringify(movies.map(({ title }) => title));
  expect(isDeepStrictEqual(shown, expected), `${reply.shown}; expected of our movies ${titles(expected)}`);
}

/** The rows of this walk's movies, by id. */
export const movieRows = (target: Target, { tag }: Walk): Promise<Movie[]> =>
  target.query('inventory', `SELECT id, title, description FROM movies WHERE title LIKE '${tag}%' ORDER BY id`);
