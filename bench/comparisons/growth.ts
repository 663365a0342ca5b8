import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import type { Bench, Running } from '../bench.ts';
import { compare, takeTurns } from '../comparison.ts';
import type { Comparison, Finding, Side } from '../comparison.ts';
import { CONNECTIONS, get, load } from '../http.ts';
import { cpuSeconds } from '../measure.ts';
import { fillMovies, rareWord } from '../movies.ts';
import { databaseSettings, service } from '../programs.ts';

const SIZES = [1000, 100_000, 1_000_000];
const unit = 'requests/CPU-s of service and database';
const IDS = 100;

/** Requests over the whole table. */
const requests: Record<string, (size: number) => string[]> = {
  id: (size) => spread(size).map((id) => get(`/api/movies/${id}`)),
  page: (size) => spread(size).map((id) => get(`/api/movies?limit=100&after=${Math.max(0, id - 101)}`)),
  title: (size) => spread(size).map((id) => get(`/api/movies?title=${rareWord(id)}`)),
};

const spread = (size: number): number[] =>
  Array.from({ length: IDS }, (_, index) => Math.ceil(((index + 1) * size) / IDS));

/** The table of each size in a database of its own, made once for a run of the bench. */
const filled = new WeakMap<Bench, Map<number, DatabaseConfig>>();

export async function databaseOf(bench: Bench, size: number): Promise<DatabaseConfig> {
  const known = filled.get(bench) ?? new Map<number, DatabaseConfig>();
  filled.set(bench, known);
  const before = known.get(size);
  if (before) return before;
  bench.say(`making ${size} movies`);
  const database = await bench.database();
  await fillMovies(database, size);
  known.set(size, database);
  return database;
}

async function run(bench: Bench): Promise<Finding[]> {
  const services = new Map<number, Running>();
  for (const size of SIZES) {
    const settings = databaseSettings(await databaseOf(bench, size));
    services.set(size, await bench.start({ ...(await service('inventory-app', settings)), name: `inventory-${size}` }));
  }
  const findings: Finding[] = [];
  for (const [kind, requestsOf] of Object.entries(requests)) {
    const figures = await takeTurns(
      bench,
      [...services].map(([size, running]) => bothSide(bench, String(size), running, requestsOf(size))),
    );
    const [small = [], ...larger] = SIZES.map((size) => figures.get(String(size)));
    for (const [index, figuresOfSize] of larger.entries()) {
      const floor = kind === 'title' ? 1 / 3 : 1 / 1.3;
      const goal = { against: `${SIZES[0]} movies`, floor, unit };
      findings.push(compare(`growth-${kind}-${SIZES[index + 1]}`, goal, figuresOfSize ?? [], small));
    }
  }
  return findings;
}

/** As `httpSide`, with the CPU of PostgreSQL as well: that is what a large table would cost. */
function bothSide(bench: Bench, name: string, { pid, port }: Running, texts: string[]): Side {
  return {
    name,
    round: async () => {
      const postgres = await bench.postgres();
      const spent = (): number => cpuSeconds(pid) + cpuSeconds(postgres.pid);
      const before = spent();
      const { answered } = await load(
        { port, connections: CONNECTIONS, seconds: bench.seconds, requests: texts },
        bench.signal,
      );
      return answered / (spent() - before);
    },
  };
}

export const growth: Comparison = {
  id: 'growth',
  title: 'a movie, a page and a search in 1,000, 100,000 and 1,000,000 movies',
  run,
};
