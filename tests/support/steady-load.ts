import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { TestContext } from 'node:test';
import { attempt, note, openLedger } from '@orchestrator/orchestrator/orders/ledger.ts';
import { sendOrder } from '@orchestrator/orchestrator/orders/send.ts';
import { ordersOf } from '@orchestrator/orchestrator/orders/values.ts';
import type { Load } from './load.ts';

const REQUEST_TIMEOUT_MS = 15_000;

export interface SteadyLoad extends Load {
  /** What was not answered with 200, with the time since the start. */
  failures: string[];
  sent: () => number;
}

/**
 * Sends orders and movies at a constant rate, whatever the answers (an open model: a slow system is not spared). Clients are
 * of both kinds: eight requests in turn keep their connections for later ones, the next eight open one each.
 */
export function startSteadyLoad(t: TestContext, origins: readonly string[], perSecond: number): SteadyLoad {
  const ledger = openLedger({ ...ordersOf(randomUUID()), capacity: 100_000 });
  const figures: Load['figures'] = { answers: {}, longestMs: 0, contradictions: 0 };
  const failures: string[] = [];
  const agent = new Agent({ keepAlive: true });
  const pending = new Set<Promise<void>>();
  const startMs = performance.now();
  let sent = 0;

  async function send(number: number): Promise<void> {
    const kind = kinds[number % kinds.length]!;
    const origin = origins[number % origins.length]!;
    const kept = number % 16 < 8 ? agent : undefined;
    const sentMs = performance.now();
    const what = kind === 'order' ? await sendNextOrder(origin, kept) : await sendMovie(kind, origin, kept);
    const tookMs = performance.now() - sentMs;
    figures.answers[what] = (figures.answers[what] ?? 0) + 1;
    figures.longestMs = Math.max(figures.longestMs, tookMs);
    if (what === '200') return;
    const at = ((sentMs - startMs) / 1000).toFixed(1);
    const connection = kept === undefined ? 'new' : 'kept';
    failures.push(`${at} s: ${kind} to ${origin} (${connection} connection): ${what} after ${Math.round(tookMs)} ms`);
  }

  async function sendNextOrder(origin: string, kept: Agent | undefined): Promise<string> {
    const number = attempt(ledger);
    const { outcome, what, trackingId } = await sendOrder([origin], ledger.valuesOf(number), undefined, kept);
    note(ledger, number, outcome, trackingId);
    return what;
  }

  const timer = setInterval(() => {
    // As many as are due by now: a timer that came late does not lower the rate.
    const due = Math.floor(((performance.now() - startMs) / 1000) * perSecond);
    for (; sent < due; sent += 1) {
      const one = send(sent).finally(() => pending.delete(one));
      pending.add(one);
    }
  }, 1000 / perSecond);
  t.after(() => {
    clearInterval(timer);
    agent.destroy();
  });
  return {
    ledger,
    figures,
    failures,
    sent: () => sent,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(pending);
    },
  };
}

/** Of eight requests to two nodes, each node gets two orders, a reader and a writer of movies. */
const kinds = ['order', 'order', 'GET', 'GET', 'order', 'order', 'POST', 'POST'] as const;

async function sendMovie(method: 'GET' | 'POST', origin: string, agent: Agent | undefined): Promise<string> {
  const body = method === 'GET' ? '' : JSON.stringify({ title: 'A new movie', description: 'Very short description' });
  const headers = method === 'GET' ? {} : { 'content-type': 'application/json', 'content-length': body.length };
  const { promise, resolve } = Promise.withResolvers<string>();
  const options = { method, headers, timeout: REQUEST_TIMEOUT_MS, ...(agent && { agent }) };
  const sent = request(`${origin}/api/movies${method === 'GET' ? '?limit=5' : ''}`, options, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => (text += part));
    response.on('error', (error) => resolve(error.message));
    response.on('end', () => {
      const { code = '' } = response.statusCode === 200 ? {} : (JSON.parse(text) as { code?: string });
      resolve(`${response.statusCode} ${code}`.trim());
    });
  });
  sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  sent.on('timeout', () => sent.destroy(new Error(`no answer in ${REQUEST_TIMEOUT_MS} ms`)));
  sent.end(body);
  return promise;
}
