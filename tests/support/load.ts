import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { attempt, note, openLedger } from '@orchestrator/orchestrator/orders/ledger.ts';
import type { Ledger } from '@orchestrator/orchestrator/orders/ledger.ts';
import { sendOrder } from '@orchestrator/orchestrator/orders/send.ts';
import type { Answer } from '@orchestrator/orchestrator/orders/send.ts';
import { ordersOf } from '@orchestrator/orchestrator/orders/values.ts';

/** Between the attempts of a client that was not served: a broker that is away is not asked in a hot loop. */
const PAUSE_MS = 100;

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
