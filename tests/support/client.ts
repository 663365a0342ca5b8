import assert from 'node:assert/strict';
import type { ProblemCode } from '@orchestrator/contracts/problem.ts';
import { fetchConformance } from './conformance.ts';
import type { Stack } from './stack.ts';

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  body: unknown;
}

/** A client as anyone would write it, that also holds every answer against the API's own description. */
export interface Client {
  call: (method: string, target: string, body?: object, headers?: Record<string, string>) => Promise<Reply>;
  /** Sends a body as it is. */
  send: (method: string, target: string, body: string, type: string) => Promise<Reply>;
  /** All pages, from one to the next by `Link: <…>; rel="next"` (RFC 8288), until there is none. */
  walk: (start: string) => Promise<unknown[]>;
}

/** What courses send. */
export const MOVIE = { title: 'A new movie', description: 'Very short description' };
export const ORDER = { user_id: '20', number_of_items: '99', total_amount: '250' };

export async function createClient({ gateway }: Stack): Promise<Client> {
  const conformance = await fetchConformance(gateway.url);

  async function exchange(method: string, target: string, options: RequestInit): Promise<Reply> {
    const response = await fetch(gateway.url + target, { method, ...options });
    const { status, headers } = response;
    const text = await response.text();
    assert.deepEqual(conformance.violations(method, target, { status, headers, body: text, head: '', tookMs: 0 }), []);
    return { status, headers, text, body: JSON.parse(text) as unknown };
  }
  const call: Client['call'] = async (method, target, body, headers = {}) =>
    exchange(
      method,
      target,
      body ? { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) } : { headers },
    );

  return {
    call,
    send: async (method, target, body, type) => exchange(method, target, { headers: { 'content-type': type }, body }),
    walk: async (start) => {
      const entries: unknown[] = [];
      const seen = new Set<string>();
      for (let target: string | undefined = start; target !== undefined;) {
        assert.ok(!seen.has(target), 'the pages come to an end');
        seen.add(target);
        const { status, headers, body } = await call('GET', target);
        assert.equal(status, 200);
        assert.ok(Array.isArray(body) && body.length > 0, 'no page is empty');
        entries.push(...(body as unknown[]));
        target = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
      }
      return entries;
    },
  };
}

/** Fails unless the reply is a problem with this status and code; returns its detail. */
export function assertProblem({ status, headers, body }: Reply, expected: number, code: ProblemCode): string {
  assert.equal(status, expected, JSON.stringify(body));
  assert.equal(headers.get('content-type'), 'application/problem+json');
  const problem = body as Record<string, string>;
  assert.deepEqual([problem['status'], problem['code'], problem['type']], [expected, code, 'about:blank']);
  for (const member of ['title', 'detail', 'request_id']) assert.equal(typeof problem[member], 'string', member);
  return problem['detail'] ?? '';
}
