import { createHash } from 'node:crypto';
import type { NewOrder } from '@orchestrator/contracts/order.ts';
import { uuidV7, uuidV8 } from '@orchestrator/contracts/tracking-id.ts';
import { randomBytes } from '@orchestrator/kit/random.ts';

/**
 * What became of a message. `confirmed`: safe on the broker's disk. Certainly not taken: `returned` (there is no queue),
 * `nacked` (the queue is full), `refused` (it was not sent). Unknown: `timed_out` and `lost` (the connection broke first).
 */
export type Outcome = 'confirmed' | 'returned' | 'nacked' | 'refused' | 'timed_out' | 'lost';

export interface Message {
  trackingId: string;
  order: NewOrder;
  requestId: string;
  traceparent: string;
  tracestate: string | undefined;
}

export interface OrderQueue {
  /** Resolves with the outcome within 4 s, and never rejects. Nothing is ever published twice. */
  publish: (message: Message) => Promise<Outcome>;
  /** Orders can be taken right now. */
  isOpen: () => boolean;
}

/** The same key gives the same id on every replica; without a key each order has an id of its own. */
export function createTrackingId(key: string | undefined): string {
  if (key === undefined) return uuidV7(Date.now(), randomBytes(16));
  return uuidV8(createHash('sha256').update(key).digest());
}
