import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { attempt, note, openLedger } from '../orders/ledger.ts';
import type { Ledger, Outcome } from '../orders/ledger.ts';
import { sendOrder } from '../orders/send.ts';
import { ordersOf } from '../orders/values.ts';
import { keepPace } from '../pace.ts';
import { done, notYet, until } from '../wait.ts';

/** Orders answered in one second of the drill. */
export type Second = Record<Outcome, number>;

export interface Sender {
  ledger: Ledger;
  /** When each order was due, in milliseconds from the start. */
  dueMs: Uint32Array;
  seconds: Second[];
  /** How often each answer came. */
  answers: Record<string, number>;
  /** The longest time in which no order was confirmed, in milliseconds. */
  longestGapMs: () => number;
  elapsedMs: () => number;
  /** Whether an order that was due after this moment has been confirmed. */
  confirmedSince: (elapsedMs: number) => boolean;
  quietly: (work: () => Promise<void>) => Promise<void>;
  /** Sends no more and waits for all answers. */
  stop: () => Promise<void>;
}

export interface SenderOptions {
  run: string;
  gateways: readonly string[];
  perSecond: number;
  capacity: number;
  /** Each attempt and its answer goes here, a line each. */
  file: string;
  /** Ends the sending at once. */
  signal: AbortSignal;
}

/** One order of so many has an Idempotency-Key and is sent again until it is confirmed. */
const keyedEvery = 10;
/** Twice as long each time: all that waits through an outage must not become a storm that prolongs it. */
const againAfterMs = 250;
const againAfterAtMostMs = 4_000;
const maxInFlight = 20_000;
const maxConnections = 1_024;
const quietTimeoutMs = 60_000;
/** An hour of overtime for faults that take long is far below it. */
const endlessMs = 1e9;
/** What is still not confirmed by then never will be. */
const lastAnswersMs = 60_000;

export const sentAgain = (order: number): boolean => order % keyedEvery === 3;

/** Sends orders at a constant rate and keeps the ledger of them. */
export function startSender({ run, gateways, perSecond, capacity, file, signal }: SenderOptions): Sender {
  const ledger = openLedger({ ...ordersOf(run), capacity });
  const dueMs = new Uint32Array(capacity);
  const seconds: Second[] = [];
  const answers: Record<string, number> = {};
  const log = createWriteStream(file);
  log.write('order,due_ms,answered_ms,answer,outcome,tracking_id\n');
  const agent = new Agent({ keepAlive: true, maxSockets: maxConnections });
  const startMs = performance.now();
  const elapsedMs = (): number => performance.now() - startMs;
  const stopping = new AbortController();
  const ending = new AbortController();
  let inFlight = 0;
  let isQuiet = false;
  let lastConfirmedMs = 0;
  let lastConfirmedDueMs = -1;
  let longestGapMs = 0;

  const record = (order: number, outcome: Outcome, what: string, trackingId: string | undefined): void => {
    note(ledger, order, outcome, trackingId);
    answers[what] = (answers[what] ?? 0) + 1;
    const now = elapsedMs();
    (seconds[Math.floor(now / 1000)] ??= { confirmed: 0, refused: 0, unknown: 0 })[outcome] += 1;
    if (outcome === 'confirmed') {
      longestGapMs = Math.max(longestGapMs, now - lastConfirmedMs);
      lastConfirmedMs = now;
      lastConfirmedDueMs = Math.max(lastConfirmedDueMs, dueMs[order]!);
    }
    log.write(`${order},${dueMs[order]},${Math.round(now)},${what},${outcome},${trackingId ?? ''}\n`);
  };
  const send = async (number: number, dueAt: number): Promise<void> => {
    if (isQuiet || ledger.attempted === capacity) return;
    const order = attempt(ledger);
    dueMs[order] = dueAt - startMs;
    const key = sentAgain(order) ? `${run}-${order}` : undefined;
    const first = number % gateways.length;
    const turned = [...gateways.slice(first), ...gateways.slice(0, first)];
    inFlight += 1;
    for (let afterMs = againAfterMs; ; afterMs = Math.min(2 * afterMs, againAfterAtMostMs)) {
      const { outcome, what, trackingId } = await sendOrder(turned, ledger.valuesOf(order), key, agent);
      record(order, outcome, what, trackingId);
      if (key === undefined || outcome === 'confirmed' || ending.signal.aborted || signal.aborted) break;
      await sleep(afterMs);
    }
    inFlight -= 1;
  };
  const stages = [{ durationMs: endlessMs, from: perSecond, to: perSecond }];
  const paced = keepPace({ stages, maxInFlight, send, signal: AbortSignal.any([stopping.signal, signal]) });
  return {
    ledger,
    dueMs,
    seconds,
    answers,
    elapsedMs,
    longestGapMs: () => longestGapMs,
    confirmedSince: (since) => lastConfirmedDueMs >= since,
    quietly: async (work) => {
      isQuiet = true;
      try {
        await until('the orders on their way are answered', quietTimeoutMs, () =>
          inFlight === 0 ? done(undefined) : notYet(`${inFlight} are not`),
        );
        await work();
      } finally {
        isQuiet = false;
      }
    },
    stop: async () => {
      stopping.abort();
      const timer = setTimeout(() => ending.abort(), lastAnswersMs);
      await paced;
      clearTimeout(timer);
      agent.destroy();
      log.end();
      await finished(log);
    },
  };
}
