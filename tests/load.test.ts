import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { before, test } from 'node:test';
import { ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import { exitCodes } from '@orchestrator/orchestrator/failure.ts';
import type { LoadResult } from '@orchestrator/orchestrator/load/result.ts';
import { servicesFolder } from '@orchestrator/orchestrator/local/components.ts';
import { findProgram, usualFolders } from '@orchestrator/orchestrator/programs.ts';
import type { LocalSystem } from '@orchestrator/orchestrator/target/target.ts';
import { eventually } from './support/eventually.ts';
import { startLocalSystem } from './support/local-system.ts';
import { root } from './support/readme.ts';
import { testOf } from './support/scope.ts';

/** A run of some seconds, its orders, and the start of a program, on a busy machine. */
const RUN_TIMEOUT_MS = 120_000;

let system: LocalSystem;
let folder: string;

before(async (t) => {
  folder = await mkdtemp(join(tmpdir(), 'load-'));
  testOf(t).after(() => rm(folder, { recursive: true, force: true }));
  system = await startLocalSystem(t, servicesFolder);
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function start(...argv: string[]): ChildProcess {
  const words = [join(root, 'src/orchestrator/main.ts'), 'load', 'local', '--data', system.dir, ...argv];
  return spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function ended(child: ChildProcess): Promise<Ended> {
  const timer = setTimeout(() => child.kill('SIGKILL'), RUN_TIMEOUT_MS);
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')]);
  clearTimeout(timer);
  return { code: child.exitCode, stdout, stderr };
}

const page = (): string => join(folder, 'load.html');

/** Runs it to its end; what it measured is read from its JSON. */
async function load(...argv: string[]): Promise<Ended & { result: LoadResult }> {
  const run = await ended(start('-o', 'json', '--html', page(), ...argv));
  assert.notEqual(run.stdout, '', run.stderr);
  return { ...run, result: JSON.parse(run.stdout) as LoadResult };
}

async function rows(): Promise<{ orders: string[]; movies: string[] }> {
  const [orders, movies] = await Promise.all([
    system.query<{ user_id: string }>('billing', 'SELECT user_id FROM orders ORDER BY id'),
    system.query<{ title: string }>('inventory', 'SELECT title FROM movies ORDER BY id'),
  ]);
  return { orders: orders.map(({ user_id }) => user_id), movies: movies.map(({ title }) => title) };
}

const nobody = { orders: [] as string[], movies: [] as string[] };
const short = ['--rate', '60', '--duration', '4s'];

test("a load is sent, measured, shown and removed, and nobody else's rows are", async () => {
  const others = { orders: ['load-1', 'load-0123456-7'], movies: ['load-bearing walls', 'load-00000000'] };
  const values = (names: readonly string[], more: string): string => names.map((name) => `('${name}', ${more})`).join();
  await system.execute(
    'billing',
    `INSERT INTO orders (user_id, number_of_items, total_amount, tracking_id) VALUES ${values(others.orders, '1, 1, gen_random_uuid()')}`,
  );
  await system.execute('inventory', `INSERT INTO movies (title, description) VALUES ${values(others.movies, "''")}`);
  try {
    const { code, stderr, result } = await load(...short, '--threshold', 'p95<15s', '--threshold', 'rate>=99%');
    assert.equal(code, 0, stderr);
    assert.deepEqual([result.pass, result.interrupted, result.warnings.length <= 1], [true, false, true]);
    assert.deepEqual(result.answers, { '200': 240 });
    assert.deepEqual([result.all.due, result.all.errors, result.all.dropped], [240, 0, 0]);
    assert.deepEqual([result.loadSeconds, result.dueRate, result.rate], [4, 60, 60]);
    assert.deepEqual(result.orders, { confirmed: 120, stored: 120, lost: 0 });
    assert.deepEqual(result.rows, { orders: 120, movies: 60, removed: true });
    assert.deepEqual(
      result.timeline.map(({ due }) => due),
      [60, 60, 60, 60],
    );
    assert.deepEqual(
      result.thresholds.map(({ threshold, pass }) => `${threshold} ${pass}`),
      ['p95<15s true', 'rate>=99% true', 'errors<1% true', 'dropped<1% true', 'lost orders<=0 true'],
    );
    const used = result.samples.at(-1)?.usage ?? [];
    assert.deepEqual(
      used.map(({ name }) => name),
      ['api-gateway', 'inventory-app', 'billing-app'],
    );
    assert.ok(used.every(({ memoryBytes }) => memoryBytes > 2 ** 20));
    assert.deepEqual(await rows(), others);
  } finally {
    await system.execute('billing', 'DELETE FROM orders');
    await system.execute('inventory', 'DELETE FROM movies');
  }
});

test('the page has the figures of the run, loads nothing, and a browser shows it', async (t) => {
  const { code, result } = await load('--stages', '1s:20,2s:20-80', '--mix', 'movies', '--threshold', 'max<1ms');
  assert.equal(code, exitCodes['promise-broken'].code);
  const html = await readFile(page(), 'utf8');
  assert.doesNotMatch(html, /https?:|<script|<link (?!rel="icon" href="data:)|@import|url\(/);
  const latency = result.all.latencyMs!;
  const written = (ms: number): string => (ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en'));
  const figures = ['120 requests in 3 s', 'not kept: max&lt;1ms', '20 to 80/s', `>${written(latency.max)} ms<`];
  for (const figure of figures) assert.ok(html.includes(figure), figure);
  const chromium = await findProgram('chromium', usualFolders);
  if (chromium === undefined) return t.skip('no chromium on this machine');
  const profile = await mkdtemp(join(folder, 'chromium-'));
  const quiet = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
  const options = ['--headless', '--no-sandbox', ...quiet, '--disable-component-update', '--disable-sync'];
  const browser = spawn(chromium, [...options, `--user-data-dir=${profile}`, '--dump-dom', `file://${page()}`]);
  const [shown] = await Promise.all([text(browser.stdout), once(browser, 'close')]);
  for (const figure of figures) assert.ok(shown.includes(figure), figure);
  // The parser of a browser has made elements of all of it: panels with lines, tables with rows.
  assert.equal(shown.match(/<path class="series/g)?.length, html.match(/<path class="series/g)?.length);
  assert.match(shown, /<figcaption>3 s of load<\/figcaption>/);
  return undefined;
});

test('a threshold that does not hold is told, with exit code 78', async () => {
  const { code, stdout } = await ended(
    start(...short, '--html', page(), '--threshold', 'p50<0.001ms', '--threshold', 'rate>=1'),
  );
  assert.equal(code, exitCodes['promise-broken'].code);
  assert.match(stdout, /^FAIL {2}240 requests in 4 s: 60\/s answered well, 0 errors; not kept: p50<0\.001ms$/m);
  assert.match(stdout, /^p50<0\.001ms +\d\S* ms +FAIL$/m);
  assert.match(stdout, /^rate>=1 +60\/s +pass$/m);
  assert.equal(stdout.trimEnd().split('\n').at(-1), `report: ${page()}`);
});

const mistakes: readonly (readonly [argv: readonly string[], cure: RegExp])[] = [
  [['--threshold', 'replicas.max>=3'], /on a cluster only: leave that threshold out, or say cluster/],
  [['--threshold', 'fast'], /Such as p95<250ms/],
  [['--stages', '5s:10', '--rate', '10'], /leave out --rate and --duration/],
  [['--mix', 'moveis'], /Did you mean movies\?/],
  [['--rate', 'many'], /requests per second/],
  [['--html', ''], /name of a file/],
  [['more'], /one argument too many: more/],
];

test('a wrong command line says what is right, with exit code 2 and before anything is sent', async () => {
  const runs = mistakes.map(async ([argv, cure]) => {
    const { code, stdout, stderr } = await ended(start(...argv));
    assert.deepEqual([code, stdout], [exitCodes.usage.code, ''], argv.join(' '));
    assert.match(stderr, cure);
  });
  await Promise.all(runs);
  for (const path of [folder, join(root, 'package.json/load.html')]) {
    const { code, stderr } = await ended(start('--html', path));
    assert.equal(code, exitCodes['not-writable'].code, stderr);
  }
  assert.deepEqual(await rows(), nobody);
});

test('Ctrl-C ends a load, which still reports and removes what it made', async () => {
  const child = start('--rate', '60', '--duration', '10m', '-o', 'json', '--html', page());
  const running = ended(child);
  await rm(page(), { force: true });
  await eventually(async () => assert.ok((await rows()).orders.length >= 60), RUN_TIMEOUT_MS);
  child.kill('SIGINT');
  const { code, stdout, stderr } = await running;
  assert.equal(code, exitCodes.interrupted.code, stderr);
  const result = JSON.parse(stdout) as LoadResult;
  assert.deepEqual([result.interrupted, result.pass], [true, false]);
  assert.ok(result.loadSeconds < 120 && result.all.due >= 120 && result.rows.removed, stdout.slice(0, 2000));
  assert.equal(result.orders?.stored, result.orders?.confirmed);
  assert.ok(existsSync(page()));
  assert.deepEqual(await rows(), nobody);
});

test('what is kept is removed later, on request', async () => {
  const { code, result } = await load(...short, '--keep');
  assert.equal(code, 0);
  assert.deepEqual(result.rows, { orders: 120, movies: 60, removed: false });
  const kept = await rows();
  assert.deepEqual([kept.orders.length, kept.movies.length], [120, 60]);
  assert.ok([...kept.orders, ...kept.movies].every((name) => /^load-[0-9a-f]{8}-\d+/.test(name)));
  const cleaned = await ended(start('--clean'));
  assert.deepEqual([cleaned.code, cleaned.stdout], [0, 'removed 120 orders and 60 movies\n']);
  assert.deepEqual(await rows(), nobody);
});

test('a gateway that stops under load is seen as what it is', async () => {
  const child = start('--rate', '60', '--duration', '8s', '-o', 'json', '--html', page());
  const running = ended(child);
  await eventually(async () => assert.ok((await rows()).orders.length >= 60), RUN_TIMEOUT_MS);
  await system.stop('api-gateway');
  const { code, stdout, stderr } = await running;
  assert.equal(code, exitCodes['promise-broken'].code, stderr);
  const { all, answers, orders, thresholds, timeline } = JSON.parse(stdout) as LoadResult;
  assert.ok((answers['200'] ?? 0) >= 60 && (answers['ECONNREFUSED'] ?? 0) >= 60, JSON.stringify(answers));
  assert.equal(all.errors, all.due - (answers['200'] ?? 0));
  assert.equal(thresholds.find(({ threshold }) => threshold === 'errors<1%')?.pass, false);
  assert.equal(orders?.lost, 0);
  assert.deepEqual([timeline[0]?.errors, timeline.at(-1)?.good], [0, 0]);
  assert.deepEqual(await rows(), nobody);
  const none = await ended(start(...short));
  assert.equal(none.code, exitCodes.unreachable.code);
  assert.match(none.stderr, /No gateway answers \(http:\/\/127\.0\.0\.1:\d+: ECONNREFUSED\)/);
  await system.start('api-gateway');
});

test('orders that wait in the queue are waited for, and then removed', async () => {
  await system.stop('billing-app');
  const child = start('--rate', '60', '--duration', '2s', '--mix', 'orders', '-o', 'json', '--html', page());
  const running = ended(child);
  const told = new Promise<void>((resolve) => {
    child.stderr!.on('data', (part: Buffer) => String(part).includes('wait in the queue') && resolve());
  });
  await Promise.race([told, running.then(({ stderr }) => assert.fail(stderr))]);
  await system.start('billing-app');
  const { code, stdout, stderr } = await running;
  assert.equal(code, 0, stderr);
  assert.deepEqual((JSON.parse(stdout) as LoadResult).orders, { confirmed: 120, stored: 120, lost: 0 });
  assert.deepEqual(await rows(), nobody);
});

test('orders that were confirmed and are nowhere are a failure, whatever was asked for', async () => {
  await system.stop('billing-app');
  const running = load('--rate', '60', '--duration', '2s', '--mix', 'orders');
  await eventually(async () => {
    const waiting = await system.broker.withChannel(async (channel) => channel.checkQueue(ORDER_QUEUE));
    assert.equal(waiting.messageCount, 120);
  }, RUN_TIMEOUT_MS);
  await system.broker.withChannel(async (channel) => void (await channel.purgeQueue(ORDER_QUEUE)));
  const { code, result } = await running;
  assert.equal(code, exitCodes['promise-broken'].code);
  assert.deepEqual(result.orders, { confirmed: 120, stored: 0, lost: 120 });
  assert.deepEqual(result.thresholds.at(-1), {
    threshold: 'lost orders<=0',
    value: 120,
    unit: 'requests',
    pass: false,
  });
  await system.start('billing-app');
});
