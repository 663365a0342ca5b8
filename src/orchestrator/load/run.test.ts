import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { listen } from '../../../tests/support/http-server.ts';
import type { Endpoint } from './mixes.ts';
import { mixes } from './mixes.ts';
import { generatorProblem, runLoad } from './run.ts';
import type { Loaded } from './run.ts';
import { parseStages } from './stages.ts';

const never = new AbortController().signal;
const root: readonly Endpoint[] = [{ name: 'GET /', request: () => ({ method: 'GET', path: '/' }) }];
const common = { endpoints: root, tag: 'load-00000000', signal: never };

test('a stall of a second is seen by all that were due meanwhile, not by one alone', async (t) => {
  let firstMs: number | undefined;
  const { origin } = await listen(t, async (_, response) => {
    firstMs ??= performance.now();
    const ms = performance.now() - firstMs;
    if (ms > 1000 && ms < 2000) await delay(2000 - ms);
    response.end();
  });
  const { all, seconds } = await runLoad({ ...common, gateways: [origin], stages: parseStages('3s:200') });
  assert.deepEqual([all.due, all.errors, all.dropped], [600, 0, 0]);
  assert.ok(all.latencyMs);
  // A third of them waited, the longest for the whole second; those due in its middle for half of it.
  assert.ok(all.latencyMs.max > 950, `longest ${all.latencyMs.max} ms`);
  assert.ok(all.latencyMs.p95 > 750, `p95 ${all.latencyMs.p95} ms`);
  assert.ok(seconds[1]!.latencyMs!.p50 > 350, `p50 of the stalled second ${seconds[1]!.latencyMs!.p50} ms`);
  assert.deepEqual(
    seconds.map(({ due }) => due),
    [200, 200, 200],
  );
});

test('stages and endpoints have figures of their own, and gateways take turns', async (t) => {
  const seen: Record<string, number> = {};
  const answer =
    (name: string) =>
    async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const key = `${name} ${request.method} ${request.url}`;
      seen[key] = (seen[key] ?? 0) + 1;
      if (request.method === 'GET') await delay(30);
      else response.writeHead(503);
      response.end('{"code":"queue_full"}');
    };
  const gateways = [(await listen(t, answer('a'))).origin, (await listen(t, answer('b'))).origin];
  const stages = parseStages('1s:80,1s:80-240');
  const loaded = await runLoad({ ...common, gateways, stages, endpoints: mixes.mixed });
  assert.equal(loaded.all.due, 240);
  assert.deepEqual(
    loaded.stages.map(({ name, due, errors }) => [name, due, errors]),
    [
      ['80/s', 80, 60],
      ['80 to 240/s', 160, 120],
    ],
  );
  assert.deepEqual(
    loaded.endpoints.map(({ name, due, errors }) => [name, due, errors]),
    [
      ['POST /api/billing', 120, 120],
      ['GET /api/movies?limit=20', 60, 0],
      ['POST /api/movies', 60, 60],
    ],
  );
  assert.ok(loaded.endpoints[1]!.latencyMs!.p50 > 25);
  assert.deepEqual(loaded.answers, { '503 queue_full': 180, '200': 60 });
  assert.deepEqual(seen, {
    'a POST /api/billing': 60,
    'b POST /api/billing': 60,
    'a GET /api/movies?limit=20': 30,
    'b GET /api/movies?limit=20': 30,
    'a POST /api/movies': 30,
    'b POST /api/movies': 30,
  });
});

test('what is not sent is counted where it was due, and has no latency', async (t) => {
  const { origin } = await listen(t, async (_, response) => {
    await delay(1500);
    response.end();
  });
  const loaded = await runLoad({ ...common, gateways: [origin], stages: parseStages('1s:100'), maxInFlight: 10 });
  assert.deepEqual([loaded.all.due, loaded.all.dropped, loaded.all.errors], [100, 90, 0]);
  assert.deepEqual(loaded.answers, { '200': 10 });
  for (const group of [loaded.stages[0]!, loaded.endpoints[0]!, loaded.seconds[0]!]) {
    assert.deepEqual([group.due, group.dropped], [100, 90]);
  }
});

test('it ends at a signal, with the answers that were on their way', async (t) => {
  const { origin } = await listen(t, async (_, response) => {
    await delay(300);
    response.end();
  });
  const signal = AbortSignal.timeout(500);
  const { all, loadSeconds, answers } = await runLoad({
    ...common,
    gateways: [origin],
    stages: parseStages('60s:100'),
    signal,
  });
  assert.ok(loadSeconds >= 0.45 && loadSeconds < 30, `${loadSeconds} s`);
  assert.ok(all.due >= 10 && all.due < 3000, `${all.due}`);
  assert.deepEqual(answers, { '200': all.due });
});

test('a process that has no time measures its own lateness as well', async (t) => {
  const { origin } = await listen(t, (_, response) => response.end());
  const running = runLoad({ ...common, gateways: [origin], stages: parseStages('2s:100') });
  const blocking = setInterval(() => {
    const until = performance.now() + 150;
    while (performance.now() < until);
  }, 200);
  const loaded = await running.finally(() => clearInterval(blocking));
  assert.equal(loaded.all.due, 200);
  assert.ok(loaded.generator.lateMs!.p99 > 100);
  // The lateness is not hidden: it is part of the latency.
  assert.ok(loaded.all.latencyMs!.p99 > 100);
});

test('a process that is late, or has no time to spare, is told to be the limit', () => {
  const latencyMs = { p50: 2, p95: 10, p99: 20, max: 90 };
  const loaded = {
    all: { latencyMs },
    generator: { lateMs: { p50: 1, p95: 2, p99: 4, max: 60 }, busyPercent: 40 },
  } as Loaded;
  assert.equal(generatorProblem(loaded), undefined);
  const lateMs = { p50: 2, p95: 10, p99: 18, max: 80 };
  assert.match(
    generatorProblem({ ...loaded, generator: { lateMs, busyPercent: 40 } }) ?? '',
    /up to 18 ms late \(p99\)/,
  );
  assert.match(generatorProblem({ ...loaded, generator: { ...loaded.generator, busyPercent: 97 } }) ?? '', /97 %/);
});
