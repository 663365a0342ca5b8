import { request } from 'node:http';
import type { Agent } from 'node:http';
import type { Outcome, Values } from './ledger.ts';

/** No answer may take 5 s; what takes longer is measured up to here, and then counts as none. */
const answerTimeoutMs = 15_000;

/** The problems that say for certain that the order was not sent (`code` of the answer). */
const notSent = new Set(['broker_unavailable', 'queue_full', 'unroutable', 'too_many_requests']);

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
export async function sendOrder(
  gateways: readonly string[],
  values: Values,
  key?: string,
  agent?: Agent,
): Promise<Answer> {
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
  return status < 500 || notSent.has(code) ? 'refused' : 'unknown';
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
    timeout: answerTimeoutMs,
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
  sent.on('timeout', () => sent.destroy(new Error(`no answer in ${answerTimeoutMs} ms`)));
  sent.end(body);
  return promise;
}
