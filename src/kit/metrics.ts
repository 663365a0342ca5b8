import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { http } from './http.node.ts';

export { Counter, Gauge, Histogram } from 'prom-client';

/** This process's metrics, with Node's own figures (memory, event-loop delay, garbage collection). */
export const registry = new Registry();

collectDefaultMetrics({ register: registry });

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
