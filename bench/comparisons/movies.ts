import assert from 'node:assert/strict';
import type { Bench, Running } from '../bench.ts';
import { compare, takeTurns } from '../comparison.ts';
import type { Comparison, Finding } from '../comparison.ts';
import { answerOf, get, httpSide } from '../http.ts';
import { fillMovies } from '../movies.ts';
import { databaseSettings, databaseUrl, program, service } from '../programs.ts';

const MOVIES = 10_000;
const unit = 'requests/CPU-s';
const peer = 'Express 5 + Sequelize 6';
const bare = 'the fastest bare node:http + pg';

async function startSides(bench: Bench): Promise<[Running, Running, Running]> {
  const database = await bench.database();
  await fillMovies(database, MOVIES);
  const settings = { DATABASE_URL: databaseUrl(database) };
  return [
    await bench.start(await service('inventory-app', databaseSettings(database))),
    await bench.start(program('peers/inventory.sequelize.ts', settings)),
    await bench.start({ ...program('limits/inventory.bare.ts', settings), readyPath: '/api/movies/1' }),
  ];
}

/** What a side answers, with ids as text: Sequelize shows bigint so. */
async function movieText(side: Running, path: string): Promise<string> {
  return JSON.stringify(await answerOf(side, path), (key, value: unknown) => (key === 'id' ? String(value) : value));
}

async function run(bench: Bench, id: string, paths: string[], floor: number): Promise<Finding[]> {
  const sides = await startSides(bench);
  const [path = ''] = paths;
  const expected = await movieText(sides[0], path);
  for (const side of sides) assert.equal(await movieText(side, path), expected, side.name);

  const figures = await takeTurns(
    bench,
    sides.map((side) => httpSide(bench, side, paths.map(get))),
  );
  const [ours = [], sequelizes = [], bares = []] = sides.map(({ name }) => figures.get(name));
  return [
    compare(id, { against: peer, floor, unit }, ours, sequelizes),
    compare(id, { against: bare, floor: 0.8, unit }, ours, bares),
  ];
}

/** So many different ones that nothing is answered from a cache of one. */
const somePaths = Array.from({ length: 100 }, (_, index) => `/api/movies/${1 + ((index * 97) % MOVIES)}`);

export const movieById: Comparison = {
  id: 'movie-by-id',
  title: 'a movie by its id, from inventory-app alone',
  short: true,
  run: (bench) => run(bench, 'movie-by-id', somePaths, 6),
};

export const movieList: Comparison = {
  id: 'movie-list-100',
  title: 'a list of 100 movies, from inventory-app alone',
  short: true,
  run: (bench) => run(bench, 'movie-list-100', ['/api/movies?limit=100'], 4),
};
