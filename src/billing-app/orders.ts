import { createHash } from 'node:crypto';
import { parseJson } from '@orchestrator/contracts/json.ts';
import { ORDER_BODY_LIMIT_BYTES, newOrderSchema, orderValues } from '@orchestrator/contracts/order.ts';
import type { NewOrder, OrderState, OrderValues, StoredOrder } from '@orchestrator/contracts/order.ts';
import { isUuid, uuidV7, uuidV8 } from '@orchestrator/contracts/tracking-id.ts';
import { randomBytes } from '@orchestrator/kit/random.ts';
import { compileBodyCheck, fieldErrors } from '@orchestrator/kit/validation.ts';

export interface Order {
  trackingId: string;
  values: OrderValues;
}

/** Why an order can never be stored. */
export interface Rejection {
  kind: 'too_large' | 'malformed' | 'invalid' | 'conflict' | 'refused';
  /** For people: which field broke which rule. */
  reason: string;
  /** Null where the message does not tell, or nothing that could be shown. */
  values: { [Name in keyof OrderValues]: string | null };
}

/** What became of an order. A duplicate has the tracking id and the values of one that is stored already. */
export type Verdict = 'stored' | 'duplicate' | Rejection;

export interface RejectedOrder extends Rejection {
  trackingId: string;
}

/** Each function rejects when the database cannot do it now, and may be repeated: nothing is done twice. */
export interface OrderWriter {
  /** Stores each order that has no row yet, and tells of each, in the same sequence, what became of it. */
  store: (orders: readonly Order[]) => Promise<Verdict[]>;
  /** Records why orders were rejected. The first reason recorded under a tracking id stays. */
  reject: (orders: readonly RejectedOrder[]) => Promise<void>;
}

/** Rejects with a Problem when the database cannot be asked. */
export interface OrderReader {
  /** What is recorded under a tracking id (a UUID); `stored` wins over `rejected`. */
  find: (trackingId: string) => Promise<OrderState | undefined>;
  /** Stored orders with a smaller id than `after`, newest first. */
  list: (page: { after: number; limit: number }) => Promise<StoredOrder[]>;
}

const checkOrder = compileBodyCheck<NewOrder>(newOrderSchema);
const utf8 = new TextDecoder('utf-8', { fatal: true });
const UNREADABLE = { user_id: null, number_of_items: null, total_amount: null };

/** Reads a message's body as an order by the same rules as the gateway. */
export function readOrder(body: Buffer): OrderValues | Rejection {
  return readPlain(body) ?? readAny(body);
}

/**
 * Nearly every order has its values in the schema's sequence, as texts in ASCII, and nothing else: one pattern, made of the schema's
 * own, reads it in a third of the time.
 */
function readPlain(body: Buffer): OrderValues | undefined {
  const [, user_id, number_of_items, total_amount] = PLAIN.exec(body.toString('latin1')) ?? [];
  return user_id && number_of_items && total_amount ? { user_id, number_of_items, total_amount } : undefined;
}

const PLAIN = plainOrder(newOrderSchema.properties);

function plainOrder({ number_of_items, total_amount }: typeof newOrderSchema.properties): RegExp {
  const [items, amount] = [number_of_items, total_amount].map(({ anyOf: [{ pattern }] }) => pattern.slice(1, -1));
  return new RegExp(
    String.raw`^\{"user_id":"([ !#-[\]-~]{1,64})","number_of_items":"(${items})","total_amount":"(${amount})"\}$`,
  );
}

function readAny(body: Buffer): OrderValues | Rejection {
  if (body.length > ORDER_BODY_LIMIT_BYTES) {
    const reason = `the body has ${body.length} bytes, more than the ${ORDER_BODY_LIMIT_BYTES} that an order may have`;
    return { kind: 'too_large', reason, values: UNREADABLE };
  }
  let order: unknown;
  try {
    order = parseJson(utf8.decode(body));
  } catch {
    return { kind: 'malformed', reason: 'the body cannot be read as JSON in UTF-8', values: UNREADABLE };
  }
  if (checkOrder(order)) return orderValues(order);
  const faults = fieldErrors(checkOrder.errors ?? []).map(({ field, message }) => `${field || 'the body'} ${message}`);
  return { kind: 'invalid', reason: printable(faults.join('; ')), values: readableValues(order) };
}

/** A reason is read by people: in a log, a header and a table. The names of unknown fields in it are the sender's. */
const REASON_MAX = 500;

function printable(text: string): string {
  return text
    .replaceAll(/\p{Cc}/gu, '?')
    .slice(0, REASON_MAX)
    .toWellFormed();
}

function readableValues(order: unknown): Rejection['values'] {
  if (typeof order !== 'object' || order === null) return UNREADABLE;
  const fields = new Map(Object.entries(order));
  return {
    user_id: readable(fields.get('user_id')),
    number_of_items: readable(fields.get('number_of_items')),
    total_amount: readable(fields.get('total_amount')),
  };
}

/** Short text without anything that a terminal or PostgreSQL would choke on. */
const READABLE = /^[^\p{Cc}\p{Cs}]{0,64}$/u;

function readable(value: unknown): string | null {
  const text = typeof value === 'number' && Number.isFinite(value) ? String(value) : value;
  return typeof text === 'string' && READABLE.test(text) ? text : null;
}

/**
 * The identity of an order: its message id, or where that is not a UUID, one derived from it. Undefined where there is none:
 * a message that someone typed into the broker's page cannot be told from a second one just like it.
 */
export function identify(messageId: string | undefined): string | undefined {
  if (!messageId) return undefined;
  return isUuid(messageId) ? messageId.toLowerCase() : uuidV8(createHash('sha256').update(messageId).digest());
}

/** A tracking id for an order without identity. */
export function freshTrackingId(): string {
  return uuidV7(Date.now(), randomBytes(16));
}
