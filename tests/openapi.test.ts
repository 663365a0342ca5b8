import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { before, suite, test } from 'node:test';
import { newMovieSchema } from '@orchestrator/contracts/movie.ts';
import { newOrderSchema } from '@orchestrator/contracts/order.ts';
import { Client } from 'pg';
import { createConformance } from './support/conformance.ts';
import type { ApiDocument, Conformance } from './support/conformance.ts';
import { eventually } from './support/eventually.ts';
import { openConnection, request, requestWithBody } from './support/exchange.ts';
import type { Answer, Bytes } from './support/exchange.ts';
import { freePort, startService } from './support/service.ts';
import type { Service } from './support/service.ts';
import { startStack } from './support/stack.ts';
import type { Stack } from './support/stack.ts';
import { brokerEnv } from './support/broker.ts';

/** Every operation there is, with a request that it takes. */
const operations: Record<string, { target: string; body?: object }> = {
  'GET /api/movies': { target: '/api/movies?limit=1' },
  'POST /api/movies': { target: '/api/movies', body: { title: 'A new movie', description: '' } },
  'DELETE /api/movies': { target: '/api/movies' },
  'GET /api/movies/{id}': { target: '/api/movies/1' },
  'PUT /api/movies/{id}': { target: '/api/movies/1', body: { title: 'Another title', description: '' } },
  'DELETE /api/movies/{id}': { target: '/api/movies/1' },
  'POST /api/billing': { target: '/api/billing', body: { user_id: '20', number_of_items: '99', total_amount: '250' } },
  'GET /api/billing': { target: '/api/billing?limit=1' },
  'GET /api/billing/{tracking_id}': { target: '/api/billing/018f2f4e-0000-7000-8000-000000000000' },
  'GET /health/live': { target: '/health/live' },
  'GET /health/ready': { target: '/health/ready' },
  'GET /openapi.json': { target: '/openapi.json' },
  'GET /docs': { target: '/docs' },
  'GET /': { target: '/' },
};

/** What no client can bring about by itself: two thousand requests under way, an error of ours. */
const NOT_PROVOKED = /(429|500)$/;

const JSON_TYPE = 'Content-Type: application/json\r\n';

let stack: Stack;
let document: ApiDocument;
let conformance: Conformance;

before(async (t) => {
  stack = await startStack(t);
  document = (await (await fetch(`${stack.gateway.url}/openapi.json`)).json()) as ApiDocument;
  conformance = createConformance(document);
});

test('the description has every operation of the API, and no other', () => {
  const described = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((key) => key !== 'parameters')
      .map((method) => `${method.toUpperCase()} ${path}`),
  );
  assert.deepEqual(described.toSorted(), Object.keys(operations).toSorted());
});

test('the gateway takes the described methods, and no other', async () => {
  for (const [path, item] of Object.entries(document.paths)) {
    const target = Object.entries(operations).find(([name]) => name.endsWith(` ${path}`))?.[1].target ?? path;
    const { status, headers } = await exchange(stack.gateway, request('PURGE', target));
    assert.equal(status, 405, path);
    const described = Object.keys(item).filter((key) => key !== 'parameters');
    const allowed = headers.get('allow')?.toLowerCase().split(', ') ?? [];
    assert.deepEqual(allowed.toSorted(), [...described, 'head'].toSorted(), path);
  }
});

test('the bodies are described by the schemas that check them', () => {
  const described = document as unknown as { components: { schemas: Record<string, unknown> } };
  assert.deepEqual(described.components.schemas['NewOrder'], newOrderSchema);
  assert.deepEqual(described.components.schemas['NewMovie'], newMovieSchema);
  for (const name of ['POST /api/movies', 'PUT /api/movies/{id}', 'POST /api/billing']) {
    const [method = '', path = ''] = name.split(' ');
    assert.ok(document.paths[path]?.[method.toLowerCase()]?.requestBody?.content['application/json']?.schema, name);
  }
});

suite('each status that is described is answered as it is described', () => {
  test('200, 302, 304', async () => {
    await provoke('POST /api/movies', 200);
    for (const name of ['GET /api/movies', 'GET /api/movies/{id}', 'PUT /api/movies/{id}', 'DELETE /api/movies/{id}']) {
      await provoke(name, 200);
    }
    await provoke('DELETE /api/movies', 200);
    const { body } = await provoke('POST /api/billing', 200);
    const target = `/api/billing/${(JSON.parse(body) as { tracking_id: string }).tracking_id}`;
    await eventually(() => provoke('GET /api/billing/{tracking_id}', 200, { target }));
    await provoke('GET /api/billing', 200);
    for (const name of ['GET /health/live', 'GET /health/ready', 'GET /openapi.json']) await provoke(name, 200);
    const { headers } = await provoke('GET /docs', 200);
    await provoke('GET /docs', 304, { headers: `If-None-Match: ${headers.get('etag')}\r\n` });
    await provoke('GET /', 302);
  });

  test('422', async () => {
    for (const name of ['GET /api/movies', 'GET /api/billing']) {
      await provoke(name, 422, { target: `${name.split(' ')[1]}?limit=0` });
    }
    for (const name of withBody()) await provoke(name, 422, { bytes: '{}' });
  });

  test('404', async () => {
    for (const name of ['GET /api/movies/{id}', 'PUT /api/movies/{id}', 'DELETE /api/movies/{id}']) {
      await provoke(name, 404, { target: '/api/movies/9007199254740991' });
    }
    await provoke('GET /api/billing/{tracking_id}', 404);
  });

  /** What may be wrong with any request. */
  const anywhere: Record<number, string> = {
    400: 'Host: a\r\nHost: b\r\n',
    415: `Host: a\r\n${JSON_TYPE}Content-Encoding: gzip\r\n`,
    417: 'Host: a\r\nExpect: more\r\n',
    431: 'X-Test: a\r\n'.repeat(101),
  };
  for (const [status, headers] of Object.entries(anywhere)) {
    test(`${status}, by every operation`, async () => {
      for (const name of Object.keys(operations)) await provoke(name, Number(status), { headers, bytes: '' });
    });
  }

  test('400 for what is no JSON', async () => {
    for (const name of withBody()) await provoke(name, 400, { bytes: '{' });
  });

  test('414, by every operation', async () => {
    for (const [name, { target }] of Object.entries(operations)) {
      await provoke(name, 414, { target: `${target.split('?')[0]}?x=${'y'.repeat(2048)}` });
    }
  });

  test('408, by every operation', async () => {
    const answers = Object.entries(operations).map(async ([name, { target }]) => {
      const answer = await exchange(stack.gateway, `${name.split(' ')[0]} ${target} HTTP/1.1\r\nHost: a\r\nX-Test: `);
      assertConforms(name, target, answer, 408);
    });
    await Promise.all(answers);
  });

  test('413, where a body is read', async () => {
    for (const name of described(413)) {
      await provoke(name, 413, { headers: `${JSON_TYPE}Content-Length: 1000000\r\n` });
    }
  });

  test('502, and 503 without a broker', async (t) => {
    const closed = String(await freePort());
    const url = `http://127.0.0.1:${closed}`;
    const env = { ...brokerEnv(stack.broker), RABBITMQ_PORT: closed, INVENTORY_URL: url, BILLING_URL: url };
    const gateway = await startService(t, 'api-gateway', env, '/health/live');
    for (const name of described(502)) await provoke(name, 502, { gateway });
    await provoke('POST /api/billing', 503, { gateway });
    await provoke('GET /health/ready', 503, { gateway });
  });

  test('504', async (t) => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    t.after(() => silent.close());
    await once(silent, 'listening');
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const env = { ...brokerEnv(stack.broker), INVENTORY_URL: url, BILLING_URL: url };
    const gateway = await startService(t, 'api-gateway', env);
    await Promise.all(described(504).map((name) => provoke(name, 504, { gateway })));
  });

  test('503 without a database', async () => {
    const server = new Client({ connectionString: process.env['TEST_POSTGRES_URL'] });
    await server.connect();
    for (const { database } of [stack.inventoryDatabase, stack.ordersDatabase]) {
      await server.query(`ALTER DATABASE ${database} WITH ALLOW_CONNECTIONS false`);
      await server.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database]);
    }
    await server.end();
    for (const name of described(503)) {
      if (name !== 'POST /api/billing' && name !== 'GET /health/ready') await provoke(name, 503);
    }
  });

  test('none was left out', () => {
    const all = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, { responses }]) =>
        Object.keys(responses ?? {}).map((status) => `${method.toUpperCase()} ${path} ${status}`),
      ),
    );
    assert.ok(all.length > 100);
    const unseen = all.filter((one) => !conformance.seen.has(one) && !NOT_PROVOKED.test(one));
    assert.deepEqual(unseen, []);
  });
});

function withBody(): string[] {
  return Object.keys(operations).filter((name) => operations[name]?.body);
}

/** The operations that describe an answer with this status. */
function described(status: number): string[] {
  return Object.keys(operations).filter((name) => {
    const [method = '', path = ''] = name.split(' ');
    return String(status) in (document.paths[path]?.[method.toLowerCase()]?.responses ?? {});
  });
}

interface Change {
  gateway?: Service;
  target?: string;
  /** Instead of those of a good request. */
  headers?: string;
  bytes?: Bytes;
}

/** Sends the operation's good request, with a change that brings about the status. */
async function provoke(
  name: string,
  status: number,
  { gateway = stack.gateway, target = operations[name]?.target ?? '', headers, bytes }: Change = {},
): Promise<Answer> {
  const [method = ''] = name.split(' ');
  const body = bytes ?? JSON.stringify(operations[name]?.body);
  const isPlain = headers !== undefined || body === undefined;
  const answer = await exchange(
    gateway,
    isPlain ? request(method, target, headers) : requestWithBody(method, target, String(body)),
  );
  assertConforms(name, target, answer, status);
  return answer;
}

function assertConforms(name: string, target: string, answer: Answer, status: number): void {
  assert.equal(answer.status, status, `${name}: ${answer.head}\r\n\r\n${answer.body}`);
  assert.deepEqual(conformance.violations(name.split(' ')[0]!, target, answer), []);
  // Without a whole request there is nobody to give an id to.
  if (![408, 417].includes(status)) assert.ok(answer.headers.has('x-request-id'), answer.head);
  if ([429, 503].includes(status)) assert.match(answer.headers.get('retry-after') ?? '', /^[0-9]+$/);
}

async function exchange(gateway: Service, bytes: Bytes): Promise<Answer> {
  const connection = openConnection(Number(new URL(gateway.url).port));
  try {
    return await connection.exchange(bytes);
  } finally {
    connection.end();
  }
}
