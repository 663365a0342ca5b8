import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '@orchestrator/kit/log.ts';
import { registry } from '@orchestrator/kit/metrics.ts';
import { eventually } from '../../tests/support/eventually.ts';
import { openConnection, request, requestWithBody } from '../../tests/support/exchange.ts';
import type { Answer } from '../../tests/support/exchange.ts';
import { startGateway } from '../../tests/support/gateway.ts';
import { freePort } from '../../tests/support/service.ts';
import { ok, startRawUpstream } from '../../tests/support/upstream.ts';
import type { Outcome } from './orders.ts';

const ORDER = '{"user_id":"20","number_of_items":3,"total_amount":"250.10"}';
const JSON_TYPE = 'Content-Type: application/json\r\n';
const ids = 'X-Request-Id: mine\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n';

const post = (body: string, headers = JSON_TYPE): Buffer =>
  requestWithBody('POST', '/api/billing', body, headers + ids);

/** What must be answered in the same way, whichever way it takes. */
const requests: Array<[what: string, bytes: Buffer]> = [
  ['a list', request('GET', '/api/movies?limit=2&title=a%20b', ids)],
  ['a movie', request('GET', '/api/movies/7', ids)],
  ['a movie, with a slash', request('GET', '/api/movies/7/', ids)],
  ['another method', requestWithBody('PUT', '/api/movies/7', '{"title":1}', JSON_TYPE + ids)],
  ['no id', request('GET', '/api/movies/seven', ids)],
  ['an odd request', request('GET', '/api/movies/7', `${ids}Content-Encoding: gzip\r\n`)],
  ['an order', post(ORDER)],
  ['an order in other words', post(ORDER, 'content-type: Application/JSON;charset=utf-8\r\n')],
  ['an order with a key', post(ORDER, `${JSON_TYPE}Idempotency-Key: k\r\n`)],
  ['a key that is none', post(ORDER, `${JSON_TYPE}Idempotency-Key: a b\r\n`)],
  ['a wrong order', post('{"user_id":"20","number_of_items":0,"total_amount":"250.10"}')],
  ['no JSON', post('{"user_id":')],
  ['another type', post(ORDER, 'Content-Type: text/plain\r\n')],
  ['no type', post(ORDER, '')],
];

/** But for what is never twice the same, and what Node says of a connection that is kept, in some answers only. */
function likeness({ status, head, body }: Answer): unknown {
  const headers = head
    .split('\r\n')
    .slice(1)
    .filter((line) => !/^(?:date|connection|keep-alive):/i.test(line))
    .map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase()));
  return { status, headers: headers.toSorted(), body: body.replace(/"tracking_id":"[^"]{36}"/, '"tracking_id":"…"') };
}

async function countsOf(): Promise<Map<string, number>> {
  const text = await registry.metrics();
  const lines = text.matchAll(/^(http_request_duration_seconds_count\{.*\}) (\d+)$/gm);
  return new Map(Array.from(lines, ([, labels = '', count]) => [labels, Number(count)]));
}

test('a request that takes the short way is answered, logged and counted as one that does not', async (t) => {
  for (const outcome of ['confirmed', 'nacked'] as const) {
    for (const isUp of [true, false]) {
      const upstream = await startRawUpstream(t, (socket) => socket.write(ok('[1]')));
      const lines: Array<Record<string, unknown>> = [];
      const log = createLogger('api-gateway', 'info', {
        write: (line) => lines.push(JSON.parse(line) as (typeof lines)[0]),
      });
      const queue = { publish: async (): Promise<Outcome> => outcome, isOpen: () => true };
      const inventoryUrl = isUp ? upstream.url : `http://127.0.0.1:${await freePort()}`;
      const { port } = await startGateway(t, { queue, inventoryUrl, log });
      lines.length = 0;
      for (const [what, bytes] of requests) {
        const told: unknown[] = [];
        for (const pieces of [[bytes], [bytes.subarray(0, 9), bytes.subarray(9)]]) {
          const before = await countsOf();
          const connection = openConnection(port);
          const [first, second] = pieces;
          connection.write(first!);
          if (second) setTimeout(() => connection.write(second), 30);
          const answer = await connection.read();
          connection.end();
          await eventually(() =>
            assert.ok(
              lines.some(({ status }) => status === answer.status),
              what,
            ),
          );
          const facts = lines.splice(0).map((line) => ({ ...line, ...changing(line) }));
          const counted = [...(await countsOf())].filter(([labels, count]) => count !== (before.get(labels) ?? 0));
          told.push({
            answer: likeness(answer),
            heads: upstream.heads.splice(0).map(withoutSpan),
            facts,
            counted: counted.map(([labels]) => labels),
          });
        }
        assert.deepEqual(told[0], told[1], `${what}, ${outcome}, ${isUp ? 'up' : 'down'}`);
      }
    }
  }
});

/** Of the facts that are never twice the same: that they are there. */
function changing(line: Record<string, unknown>): Record<string, boolean> {
  return Object.fromEntries(['time', 'duration_ms', 'tracking_id', 'err'].map((name) => [name, name in line]));
}

/** The span of this hop is new each time. */
function withoutSpan(head: string): string {
  return head.replace(/(traceparent: 00-[0-9a-f]{32}-)[0-9a-f]{16}/, '$1…');
}
