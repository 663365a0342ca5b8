import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { attempt, note, openLedger } from './ledger.ts';
import type { Ledger, Outcome, Values } from './ledger.ts';

/** No answer may take 5 s; what takes longer is measured up to here, and then counts as none. */
const ANSWER_TIMEOUT_MS = 15_000;

/** Between the attempts of a client that was not served: a broker that is away is not asked in a hot loop. */
const PAUSE_MS = 100;

/** The problems that say for certain that the order was not sent (`code` of the answer). */
const NOT_SENT = new Set(['broker_unavailable', 'queue_full', 'unroutable', 'too_many_requests']);

export interface Answer {
  outcome: Outcome;
  /** What came: `200`, `503 queue_full`, `ECONNRESET`. */
  what: string;
  trackingId: string | undefined;
  retryAfter: string | undefined;
  tookMs: number;
}

/**
 * Sends one order to the first of these gateways that takes the connection, as a client behind a load balancer would, and
 * says what came of it. Never throws.
 */
export async function sendOrder(gateways: string[], values: Values, key?: string, agent?: Agent): Promise<Answer> {
  const startMs = performance.now();
  let outcome: Outcome = 'refused';
  let what = 'no gateway';
  let answered: Partial<Answer> = {};
  for (const gateway of gateways) {
    try {
      const { status, body, retryAfter } = await post(`${gateway}/api/billing`, JSON.stringify(values), key, agent);
      const { code, tracking_id: trackingId } = JSON.parse(body) as { code?: string; tracking_id?: string };
      what = code === undefined ? String(status) : `${status} ${code}`;
      outcome = outcomeOf(status, code ?? '');
      answered = { trackingId, retryAfter };
    } catch (error) {
      what = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      // A connection that was never made carried nothing; any other end may have come after the order was sent.
      outcome = what === 'ECONNREFUSED' ? 'refused' : 'unknown';
    }
    if (what !== 'ECONNREFUSED') break;
  }
  return {
    trackingId: undefined,
    retryAfter: undefined,
    ...answered,
    outcome,
    what,
    tookMs: performance.now() - startMs,
  };
}

function outcomeOf(status: number, code: string): Outcome {
  if (status === 200) return 'confirmed';
  return status < 500 || NOT_SENT.has(code) ? 'refused' : 'unknown';
}

interface Reply {
  status: number;
  body: string;
  retryAfter: string | undefined;
}

async function post(url: string, body: string, key: string | undefined, agent: Agent | undefined): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const options = {
    method: 'POST',
    timeout: ANSWER_TIMEOUT_MS,
    headers: { ...headers, ...(key && { 'idempotency-key': key }) },
  };
  const sent = request(url, { ...options, ...(agent && { agent }) }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part: string) => (text += part));
    response.on('error', reject);
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, body: text, retryAfter: response.headers['retry-after'] }),
    );
  });
  sent.on('error', reject);
  sent.on('timeout', () => sent.destroy(new Error(`no answer in ${ANSWER_TIMEOUT_MS} ms`)));
  sent.end(body);
  return promise;
}

interface LoadOptions {
  /** Base addresses, the preferred one first; asked before each order. */
  gateways: () => string[];
  /** How many clients send at once, each its next order after the answer to the last (a closed loop). */
  clients: number;
  capacity?: number;
  /**
   * `once`: each order is sent once, without a key. `until confirmed`: each order has an Idempotency-Key, and two clients
   * send it at the same time, each again and again until it has its 200.
   */
  mode: 'once' | 'until confirmed';
}

export interface Load {
  ledger: Ledger;
  figures: Figures;
  /** Lets every client finish the order it has in hand; in mode `until confirmed` with its 200. Fails when a client failed. */
  stop: () => Promise<void>;
}

export interface Figures {
  /** How often each answer came. */
  answers: Record<string, number>;
  longestMs: number;
  /** Answers 200 to the same key with another tracking id than before. */
  contradictions: number;
}

/** Sends orders, each with values of its own, and keeps the ledger of them, until it is stopped or the test ends. */
export function startLoad(t: TestContext, { gateways, clients, capacity = 500_000, mode }: LoadOptions): Load {
  const run = randomUUID();
  const ledger = openLedger({ ...ordersOf(run), capacity });
  const figures: Figures = { answers: {}, longestMs: 0, contradictions: 0 };
  const [stopping, ending] = [new AbortController(), new AbortController()];
  const agent = new Agent({ keepAlive: true, maxSockets: clients * 2 });
  t.after(() => {
    stopping.abort();
    ending.abort();
    agent.destroy();
  });

  async function send(order: number, key?: string): Promise<Answer> {
    const answer = await sendOrder(gateways(), ledger.valuesOf(order), key, agent);
    note(ledger, order, answer.outcome, answer.trackingId);
    figures.answers[answer.what] = (figures.answers[answer.what] ?? 0) + 1;
    figures.longestMs = Math.max(figures.longestMs, answer.tookMs);
    if (answer.outcome !== 'confirmed') await delay(PAUSE_MS, undefined, { signal: ending.signal });
    return answer;
  }

  async function sendUntilConfirmed(order: number): Promise<string | undefined> {
    for (;;) {
      const { outcome, what, trackingId } = await send(order, `${run}-${order}`);
      if (outcome === 'confirmed') return trackingId;
      if (what.startsWith('4')) throw new Error(`a good order was refused: ${what}`);
    }
  }

  async function client(): Promise<void> {
    while (!stopping.signal.aborted) {
      const order = attempt(ledger);
      if (mode === 'once') {
        await send(order);
      } else {
        const [first, second] = await Promise.all([sendUntilConfirmed(order), sendUntilConfirmed(order)]);
        if (first !== second) figures.contradictions += 1;
      }
    }
  }

  const done = Promise.all(Array.from({ length: clients }, client));
  // A failure is thrown by stop; until then it is nobody's.
  done.catch(() => undefined);
  return {
    ledger,
    figures,
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

/** Orders whose values follow from their number: every shape of amount, and text that must survive every encoding. */
export function ordersOf(run: string): {
  valuesOf: (order: number) => Values;
  numberIn: (userId: string) => number | undefined;
} {
  const valuesOf = (order: number): Values => ({
    user_id: `${run}-${order}${order % 7 === 0 ? '-é漢😀\'"\\' : ''}`,
    number_of_items: String((order % 1_000_000) + 1),
    total_amount: [`${order}`, `${order}.${order % 10}`, `0.0${order % 10}`, '9999999999.99'][order % 4] ?? '',
  });
  const numberIn = (userId: string): number | undefined => {
    const digits = userId.startsWith(`${run}-`) ? /^[0-9]+/.exec(userId.slice(run.length + 1))?.[0] : undefined;
    return digits === undefined ? undefined : Number(digits);
  };
  return { valuesOf, numberIn };
}
