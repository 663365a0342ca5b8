import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type * as Client from 'prom-client';
import { http } from './http.node.ts';

/** Part by part: as a whole prom-client loads OpenTelemetry and a cluster mode, which takes a tenth of the time to start. */
const part = createRequire(import.meta.url);

export const Counter = part('prom-client/lib/counter.js') as typeof Client.Counter;
export const Gauge = part('prom-client/lib/gauge.js') as typeof Client.Gauge;
export const Histogram = part('prom-client/lib/histogram.js') as typeof Client.Histogram;
const Registry = part('prom-client/lib/registry.js') as typeof Client.Registry;

/** This process's metrics, with Node's own figures (memory, event-loop delay, garbage collection). */
export const registry = new Registry();

/** prom-client's default metrics, but for the CPU time. */
const OWN_FIGURES = [
  'eventLoopLag',
  'gc',
  'heapSizeAndUsed',
  'heapSpacesSizeAndUsed',
  'osMemoryHeap',
  'processHandles',
  'processMaxFileDescriptors',
  'processOpenFileDescriptors',
  'processRequests',
  'processResources',
  'processStartTime',
  'version',
];
for (const name of OWN_FIGURES) {
  const observe = part(`prom-client/lib/metrics/${name}.js`) as (registry: Client.Registry) => void;
  observe(registry);
}
countCpu('process_cpu_user_seconds_total', ({ user }) => user);
countCpu('process_cpu_system_seconds_total', ({ system }) => system);
countCpu('process_cpu_seconds_total', ({ user, system }) => user + system);

function countCpu(name: string, microseconds: (usage: NodeJS.CpuUsage) => number): void {
  const counter = new Counter({
    name,
    help: 'CPU time of this process in seconds',
    registers: [registry],
    collect() {
      counter.reset();
      counter.inc(microseconds(process.cpuUsage()) / 1e6);
    },
  });
}

/** Serves `GET /metrics` in the Prometheus text format on a port of its own, which no client of the system can reach. */
export async function serveMetrics(host: string, port: number): Promise<Server> {
  const server = http.createServer((request, response) => void answer(request, response));
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}

async function answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
  if (method !== 'GET' || url !== '/metrics') {
    response.writeHead(404).end();
    return;
  }
  const body = await registry.metrics();
  response.writeHead(200, { 'content-type': registry.contentType }).end(body);
}
