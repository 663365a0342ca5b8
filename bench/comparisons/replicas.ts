import { fileURLToPath } from 'node:url';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import { queryPostgres } from '@orchestrator/orchestrator/local/postgres.query.ts';
import type { Bench, Running } from '../bench.ts';
import { compare, takeTurns } from '../comparison.ts';
import type { Comparison, Finding, Side } from '../comparison.ts';
import { CONNECTIONS, get, load } from '../http.ts';
import { cpuSeconds } from '../measure.ts';
import { fillMovies } from '../movies.ts';
import { brokerSettings, databaseSettings, service } from '../programs.ts';

const id = 'replicas';
const MOVIES = 10_000;

/** What the autoscalers start at most, and what one process may open: 6 by its pool, 4 by its pipeline. */
const REPLICAS_MAX = 3;
const CONNECTIONS_EACH = 10;

/** At so many clients every pool is at its limit. */
const MANY_CLIENTS = 300;

interface Replicas {
  /** The port before the gateways. */
  port: number;
  all: Running[];
}

async function run(bench: Bench): Promise<Finding[]> {
  const database = await bench.database();
  await fillMovies(database, MOVIES);
  const sides = [await startReplicas(bench, database, 1), await startReplicas(bench, database, REPLICAS_MAX)] as const;
  const paths = ['/api/movies/7', '/api/movies?limit=20', '/api/movies?title=movie+77'].map(get);
  const figures = await takeTurns(
    bench,
    sides.map((replicas) => sumSide(bench, replicas, paths)),
    REPLICAS_MAX,
  );
  const [one = [], three = []] = figures.values();
  const goal = { against: 'one replica of gateway and inventory-app', floor: 0.8, unit: 'requests/CPU-s of all' };
  return [compare(id, goal, three, one), await countConnections(bench, database, sides[1], paths)];
}

async function startReplicas(bench: Bench, database: DatabaseConfig, count: number): Promise<Replicas> {
  const broker = brokerSettings(await bench.vhost());
  const inventories = await startAll(bench, count, () => service('inventory-app', databaseSettings(database)));
  const url = `http://127.0.0.1:${await balance(bench, inventories)}`;
  const settings = { ...broker, INVENTORY_URL: url, BILLING_URL: url };
  const gateways = await startAll(bench, count, () => service('api-gateway', settings));
  return { port: await balance(bench, gateways), all: [...inventories, ...gateways] };
}

async function startAll(bench: Bench, count: number, make: () => ReturnType<typeof service>): Promise<Running[]> {
  const started: Running[] = [];
  while (started.length < count) started.push(await bench.start(await make()));
  return started;
}

async function balance(bench: Bench, replicas: readonly Running[]): Promise<number> {
  const main = fileURLToPath(new URL('../balancer.ts', import.meta.url));
  const { port } = await bench.start({
    name: 'balancer',
    argv: () => [process.execPath, main, replicas.map((each) => each.port).join(',')],
    env: (port) => ({ PORT: String(port) }),
    readyPath: '/health/live',
  });
  return port;
}

/** As many clients for each replica: more are started where there is more to do. */
function sumSide(bench: Bench, { port, all }: Replicas, requests: string[]): Side {
  const replicas = all.length / 2;
  const spent = (): number => all.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
  return {
    name: `${replicas} replicas`,
    round: async () => {
      const before = spent();
      const { answered } = await load(
        { port, connections: CONNECTIONS * replicas, seconds: bench.seconds, requests },
        bench.signal,
      );
      return answered / (spent() - before);
    },
  };
}

/** Every request of many clients is answered, and PostgreSQL has no more connections than was reckoned with. */
async function countConnections(
  bench: Bench,
  database: DatabaseConfig,
  { port }: Replicas,
  requests: string[],
): Promise<Finding> {
  const driving = load({ port, connections: MANY_CLIENTS, seconds: bench.seconds, requests }, bench.signal);
  const over = new AbortController();
  let most = 0;
  const watch = async (): Promise<void> => {
    const sql = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'inventory-app' AND datname = current_database()`;
    while (!over.signal.aborted) {
      const { rows } = await queryPostgres(database, sql, 5000);
      most = Math.max(most, (rows[0] as { count: number }).count);
    }
  };
  await Promise.all([driving.finally(() => over.abort()), watch()]);
  // One replica beside the three: that of the other side.
  const reckoned = (REPLICAS_MAX + 1) * CONNECTIONS_EACH;
  const goal = { against: `${CONNECTIONS_EACH} a process`, floor: 1, unit: 'connections (reckoned to found)' };
  return compare(`${id}-connections`, goal, [reckoned], [most]);
}

export const replicas: Comparison = { id, title: 'three replicas of gateway and inventory-app against one', run };
