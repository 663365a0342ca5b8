import { openApi } from '@orchestrator/contracts/openapi.ts';
import { portPlan } from '../local/ports.plan.ts';
import type { Check } from './check.ts';
import { clientAt, clientBehind, clientOf, expectProblem, expectStatus, portOf } from './client.http.ts';
import type { Client, Reply } from './client.http.ts';
import { check, expect } from './promise.ts';

const health = 'Health is answered in src/kit/http.health.ts.';
const pages = 'The pages are served by src/api-gateway/docs.http.ts.';

export const healthChecks: readonly Check[] = [
  check({
    id: 'health.gateway',
    promise: 'GET /health/live and /health/ready of the gateway answer 200',
    cure: `${health} The gateway is ready by src/api-gateway/app.ts.`,
    look: (target) => expectHealthy(clientOf(target)),
  }),
  check({
    id: 'health.services',
    promise: 'inventory-app and billing-app answer /health/live and /health/ready on their port',
    where: 'local',
    cure: health,
    look: async (target) => {
      const seen = [];
      for (const name of ['inventory-app', 'billing-app'] as const)
        seen.push(`${name}: ${await expectHealthy(await clientBehind(target, name))}`);
      return seen.join('; ');
    },
  }),
  check({
    id: 'health.metrics',
    promise: 'Every service has /metrics for Prometheus on a port of its own',
    where: 'local',
    cure: 'Metrics are served by src/kit/metrics.ts, on METRICS_PORT.',
    look: async (target) => {
      const { gatewayMetrics, inventoryMetrics, billingMetrics } = portPlan(await portOf(target, 'api-gateway'));
      const seen = [];
      for (const port of [gatewayMetrics, inventoryMetrics, billingMetrics]) {
        const { status, text } = await clientAt(`http://127.0.0.1:${port}`)('GET', '/metrics');
        const count = text.match(/^# TYPE /gm)?.length ?? 0;
        seen.push(`port ${port} → ${status}, ${count} metrics`);
        expect(status === 200 && count > 10, `${seen.at(-1)}; expected 200 with more than 10`);
      }
      return seen.join('; ');
    },
  }),
  check({
    id: 'health.metrics-private',
    promise: 'No client of the system can reach /metrics through the gateway',
    cure: 'src/api-gateway/app.ts must have no such route; metrics have a port of their own.',
    look: async (target) => {
      const reply = await clientOf(target)('GET', '/metrics');
      expectProblem(reply, 404);
      return reply.shown;
    },
  }),
  check({
    id: 'pages.home',
    promise: 'GET / leads to a web page for people',
    cure: pages,
    look: async (target) => {
      const ask = clientOf(target);
      const first = await ask('GET', '/');
      const { location } = first.headers;
      const page = first.status === 302 && location?.startsWith('/') ? await ask('GET', location) : first;
      return `${first.status} ${location ?? ''}, then ${expectPage(page)}`;
    },
  }),
  check({
    id: 'pages.docs',
    promise: 'GET /docs is the API reference, with everything that it loads',
    cure: pages,
    look: async (target) => {
      const ask = clientOf(target);
      const page = await ask('GET', '/docs');
      const seen = [expectPage(page)];
      const files = [...page.text.matchAll(/(?:src|href)="(\/?[^":]+)"/g)].map(([, path = '']) => path);
      expect(files.length > 1, `${page.shown}; expected scripts and styles in it`);
      for (const file of files) {
        const path = file.startsWith('/') ? file : `/${file}`;
        const { status, text } = await ask('GET', path);
        seen.push(`${path} ${text.length} characters`);
        expect(status === 200 && text.length > 0, `GET ${path} → ${status}; expected a file`);
      }
      return seen.join(', ');
    },
  }),
  check({
    id: 'pages.openapi',
    promise: 'GET /openapi.json is OpenAPI 3.1 and describes every path and method',
    cure: 'The description is src/contracts/openapi.ts.',
    look: async (target) => {
      const reply = await clientOf(target)('GET', '/openapi.json');
      const described = expectStatus(reply, 200) as { openapi?: string; paths?: object };
      expect(described.openapi?.startsWith('3.1.') === true, `openapi: ${described.openapi}; expected 3.1`);
      const [there, expected] = [operationsOf(described.paths ?? {}), operationsOf(openApi.paths)];
      const missing = expected.filter((operation) => !there.includes(operation));
      const surplus = there.filter((operation) => !expected.includes(operation));
      const differences = [...missing.map((one) => `${one} is missing`), ...surplus.map((one) => `${one} is too much`)];
      expect(differences.length === 0, `GET /openapi.json: ${differences.join(', ')}`);
      return `${described.openapi}, ${there.length} operations`;
    },
  }),
];

async function expectHealthy(ask: Client): Promise<string> {
  const seen = [];
  for (const kind of ['live', 'ready']) {
    const reply = await ask('GET', `/health/${kind}`);
    expectStatus(reply, 200);
    seen.push(reply.shown);
  }
  return seen.join(', ');
}

function expectPage({ status, headers, text, shown }: Reply): string {
  const type = headers['content-type'] ?? 'none';
  const isPage = status === 200 && type.startsWith('text/html') && /<title>/.test(text);
  expect(isPage, `${shown} (${type}); expected 200 with a page of HTML`);
  return `${status} ${type}`;
}

const operationsOf = (paths: object): string[] =>
  Object.entries(paths)
    .flatMap(([path, item]) => Object.keys(item as object).map((method) => `${method.toUpperCase()} ${path}`))
    .filter((operation) => !operation.startsWith('PARAMETERS '));
