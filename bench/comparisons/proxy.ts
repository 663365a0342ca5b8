import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { Bench, Program, Running } from '../bench.ts';
import { compare, notRun, takeTurns } from '../comparison.ts';
import type { Comparison, Finding } from '../comparison.ts';
import { answerOf, get, httpSide } from '../http.ts';
import { nginxProxy } from '../limits/proxy.nginx.ts';
import { brokerSettings, program, service } from '../programs.ts';

const unit = 'requests/CPU-s';
const expressGoal = { against: 'Express 5 + http-proxy-middleware, keep-alive', floor: 3, unit };
const nginxGoal = { against: 'nginx', floor: 0.3, unit };

/** What all proxies hand requests on to. */
export function upstream(): Program {
  const main = fileURLToPath(new URL('../upstream.ts', import.meta.url));
  return { name: 'upstream', argv: (port) => [process.execPath, main, String(port)], readyPath: '/api/movies/300' };
}

/** The gateway with that upstream. */
export async function startGateway(bench: Bench, upstreamPort: number): Promise<Running> {
  const url = `http://127.0.0.1:${upstreamPort}`;
  return bench.start(
    await service('api-gateway', { ...brokerSettings(await bench.vhost()), INVENTORY_URL: url, BILLING_URL: url }),
  );
}

async function run(bench: Bench, id: string, bytes: number): Promise<Finding[]> {
  const { port } = await bench.start(upstream());
  const gateway = await startGateway(bench, port);
  const express = await bench.start(program('peers/gateway.express.ts', { INVENTORY_URL: `http://127.0.0.1:${port}` }));
  const nginx = await bench.find('nginx');
  const limit = nginx ? [await bench.start(nginxProxy(nginx, bench.folder, port))] : [];

  const path = `/api/movies/${bytes}`;
  const expected = await answerOf(gateway, path);
  for (const side of [express, ...limit]) assert.deepEqual(await answerOf(side, path), expected, side.name);

  const sides = [gateway, express, ...limit].map((side) => httpSide(bench, side, [get(path)]));
  const figures = await takeTurns(bench, sides);
  const [ours = [], theirs = [], nginxFigures] = sides.map(({ name }) => figures.get(name) ?? []);
  return [
    compare(id, expressGoal, ours, theirs),
    nginxFigures
      ? compare(id, nginxGoal, ours, nginxFigures)
      : notRun(id, nginxGoal, 'nginx is missing: apt-get install nginx-light'),
  ];
}

export const proxySmall: Comparison = {
  id: 'proxy-300',
  title: 'a movie of 300 bytes through the gateway',
  short: true,
  run: (bench) => run(bench, 'proxy-300', 300),
};

export const proxyLarge: Comparison = {
  id: 'proxy-20k',
  title: '20 kB through the gateway',
  run: (bench) => run(bench, 'proxy-20k', 20_000),
};
