import { done, notYet, until } from '../wait.ts';
import type { Target } from '../target/target.ts';
import type { Walk } from './check.ts';
import { clientOf, expectStatus } from './client.http.ts';
import type { Reply } from './client.http.ts';
import { expect } from './promise.ts';

/** An order as courses send it: strings. */
export interface OrderBody {
  user_id: string;
  number_of_items: string;
  total_amount: string;
}

/** The row of an order, as text. */
export type OrderRow = OrderBody & { tracking_id: string };

/** How soon an order that was answered with 200 is in the table, once billing-app runs. */
export const storedWithinMs = 30_000;

/** Each look is a process where the database is in a cluster. */
const lookEveryMs = 250;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** An order of this walk; `user` follows the tag in its user_id. */
export const orderOf = ({ tag }: Walk, user: string, amount = '250'): OrderBody => ({
  user_id: `${tag}-${user}`,
  number_of_items: '99',
  total_amount: amount,
});

/** Places an order at the gateway and returns its tracking id. @throws Broken unless it is answered as the API says */
export async function place(
  target: Target,
  walk: Walk,
  order: object,
  { path = '/api/billing', key }: { path?: string; key?: string } = {},
): Promise<string> {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  const reply = await clientOf(target)('POST', path, { json: order, headers });
  return expectAccepted(reply, walk);
}

/** @throws Broken unless it is a 200 with `message` and `tracking_id`; returns the latter */
export function expectAccepted(reply: Reply, { placed }: Walk): string {
  const accepted = expectStatus(reply, 200, 'with message and tracking_id') as Record<string, unknown> | undefined;
  const { message, tracking_id: id } = accepted ?? {};
  // Before it is judged: the order is there, whatever the answer looks like.
  if (typeof id === 'string') placed.add(id);
  const fits = typeof message === 'string' && typeof id === 'string' && uuid.test(id);
  expect(fits, `${reply.shown}; expected {"message", "tracking_id"} with a UUID of version 7 or 8`);
  return id;
}

const columns = 'tracking_id::text, user_id, number_of_items::text, total_amount::text';

/** The rows of these orders, in the order of their arrival. */
export async function rowsOf(target: Target, ids: readonly string[]): Promise<OrderRow[]> {
  const list = ids.filter((id) => uuid.test(id)).map((id) => `'${id}'`);
  if (list.length === 0) return [];
  return target.query('billing', `SELECT ${columns} FROM orders WHERE tracking_id IN (${list.join()}) ORDER BY id`);
}

/** The rows of all orders of this user, whatever their tracking ids. */
export async function rowsOfUser(target: Target, userId: string): Promise<OrderRow[]> {
  return target.query('billing', `SELECT ${columns} FROM orders WHERE user_id = '${userId}' ORDER BY id`);
}

/** Waits until all of these are in the table; returns their rows. @throws DeadlineError */
export async function untilStored(
  target: Target,
  ids: readonly string[],
  signal: AbortSignal,
  withinMs = storedWithinMs,
): Promise<OrderRow[]> {
  const look = async () => {
    const rows = await rowsOf(target, ids);
    return rows.length >= ids.length ? done(rows) : notYet(`${rows.length} of ${ids.length} in the table orders`);
  };
  return until(`orders that were answered with 200 are stored`, withinMs, look, { everyMs: lookEveryMs, signal });
}

/** What was in the queue before an order that is stored by now is settled, or will never be. */
export const settledWithinMs = 5_000;

/** Waits until an order that is placed now is stored: the queue keeps its order, so all before it has been seen then. */
export async function passQueue(target: Target, walk: Walk): Promise<void> {
  await untilStored(target, [await place(target, walk, orderOf(walk, 'behind'))], walk.signal);
}

/** Waits until a message of this walk is dead, and recorded as such; returns its reason. @throws DeadlineError */
export async function untilRejected(target: Target, id: string, signal: AbortSignal): Promise<string> {
  const look = async () => {
    const [row] = await target.query<{ reason: string }>(
      'billing',
      `SELECT reason FROM rejections WHERE tracking_id = '${id}'`,
    );
    return row === undefined ? notYet('not in the table rejections') : done(row.reason);
  };
  return until(`the order ${id} is recorded as rejected`, settledWithinMs, look, { everyMs: lookEveryMs, signal });
}

/** So many in a row find every pod of an autoscaled gateway, most likely. */
const takenInARow = 5;

/** Waits until the gateway takes orders again, as a client does: by sending some that have to be taken. @throws DeadlineError */
export async function untilTaken(target: Target, walk: Walk): Promise<string> {
  let taken = 0;
  const look = async () => {
    const reply = await clientOf(target)('POST', '/api/billing', { json: orderOf(walk, 'again') });
    if (reply.status === 503) {
      taken = 0;
      return notYet(reply.shown);
    }
    const id = expectAccepted(reply, walk);
    taken += 1;
    return taken === takenInARow ? done(id) : notYet(`${taken} taken`);
  };
  return until('orders are taken again', storedWithinMs, look, { signal: walk.signal });
}
