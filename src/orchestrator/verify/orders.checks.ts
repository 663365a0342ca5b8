import { isDeepStrictEqual } from 'node:util';
import type { Check } from './check.ts';
import { clientOf, expectProblem, expectStatus } from './client.http.ts';
import { expectAccepted, orderOf, passQueue, place, rowsOf, untilStored } from './orders.ts';
import { check, expect } from './promise.ts';
import { numberedOrder } from './trace.ts';

const gateway = 'Orders are taken in src/api-gateway/orders.http.ts.';
const readBack = 'Orders are read back in src/billing-app/orders.http.ts.';
const schema =
  'The schema of an order is newOrderSchema in src/contracts/order.ts; gateway and billing-app check with it.';

/** Amounts that a binary floating-point number cannot hold, or that a sum or a product of such spoils. */
const exactAmounts = ['0.10', '0.29', '1.15', '16777217.01', '9999999999.99'];

export const orderChecks: readonly Check[] = [
  check({
    id: 'orders.accept',
    promise: 'POST /api/billing and /api/billing/ with the three strings answer 200 with message and tracking_id',
    cure: gateway,
    look: async (target, walk) => {
      const ask = clientOf(target);
      const replies = [];
      for (const path of ['/api/billing', '/api/billing/']) {
        const reply = await ask('POST', path, { json: orderOf(walk, '20') });
        expectAccepted(reply, walk);
        replies.push(reply.shown);
      }
      return replies.join('; ');
    },
  }),
  check({
    id: 'orders.stored',
    promise: 'GET /api/billing/:tracking_id tells state stored and the three values, as strings, once the row is there',
    cure: readBack,
    look: async (target, walk) => {
      const order = orderOf(walk, 'stored', '250.50');
      const id = await place(target, walk, order);
      await untilStored(target, [id], walk.signal);
      const reply = await clientOf(target)('GET', `/api/billing/${id}`);
      const state = expectStatus(reply, 200);
      const expected = { tracking_id: id, state: 'stored', ...order };
      expect(isDeepStrictEqual(state, expected), `${reply.shown}; expected ${JSON.stringify(expected)}`);
      return reply.shown;
    },
  }),
  check({
    id: 'orders.unknown',
    promise:
      'GET /api/billing/:tracking_id answers 404 while nothing is recorded, and says that the order may be in the queue',
    cure: readBack,
    look: async (target) => {
      const reply = await clientOf(target)('GET', '/api/billing/00000000-0000-7000-8000-000000000000');
      const { detail } = expectProblem(reply, 404);
      expect(/may still be in the queue/.test(detail), `${reply.shown}; expected "may still be in the queue" in it`);
      return reply.shown;
    },
  }),
  check({
    id: 'orders.list',
    promise:
      'GET /api/billing answers stored orders, newest first: 20 without ?limit=, at most 100, ?after= for the next',
    cure: readBack,
    look: async (target, walk) => {
      const ids = [];
      for (let number = 1; number <= 21; number++) ids.push(await place(target, walk, orderOf(walk, `list-${number}`)));
      await untilStored(target, ids, walk.signal);
      const ask = clientOf(target);
      const first = await ask('GET', '/api/billing');
      const page = idsIn(expectStatus(first, 200));
      expect(page.length === 20, `GET /api/billing → ${page.length} orders; expected 20`);
      const isSorted = page.every((id, index) => index === 0 || id < (page[index - 1] ?? 0));
      expect(isSorted, `GET /api/billing → ids ${page.join()}; expected the newest first`);
      const { link = 'none' } = first.headers;
      const next = /^<(\/api\/billing\?[^>]*)>; rel="next"$/.exec(String(link))?.[1];
      expect(next !== undefined, `GET /api/billing → Link: ${String(link)}; expected the next page`);
      const [older = Infinity] = idsIn(expectStatus(await ask('GET', next), 200));
      expect(older < (page.at(-1) ?? 0), `GET ${next} → begins with ${older}; expected less than ${page.at(-1)}`);
      const five = idsIn(expectStatus(await ask('GET', '/api/billing?limit=5'), 200)).length;
      expect(five === 5, `GET /api/billing?limit=5 → ${five} orders`);
      expectProblem(await ask('GET', '/api/billing?limit=101'), 422);
      return `20 orders from id ${page[0]} to ${page.at(-1)}, then ${next} from ${older}; ?limit=101 → 422`;
    },
  }),
  check({
    id: 'orders.numbers',
    promise: 'JSON numbers are accepted as well, and stored as the same values',
    cure: schema,
    look: async (target, walk) => {
      const user = Number(`${numberedOrder.prefix}${String(Date.now()).slice(-8)}`);
      const order = { user_id: user, number_of_items: numberedOrder.items, total_amount: 250.1 };
      const id = await place(target, walk, order);
      const [row] = await untilStored(target, [id], walk.signal);
      const stored = [row?.user_id, row?.number_of_items, row?.total_amount].join();
      const evidence = `${JSON.stringify(order)} is stored as ${stored}`;
      expect(stored === `${user},${numberedOrder.items},250.10`, evidence);
      return evidence;
    },
  }),
  check({
    id: 'orders.unknown-field',
    promise: 'A field that nobody knows is a 422 that names it',
    cure: `${schema} It must say additionalProperties: false.`,
    look: async (target, walk) => {
      const order = { ...orderOf(walk, 'field'), totalamount: '1' };
      return expectFieldErrors(target, walk, order, ['totalamount']);
    },
  }),
  check({
    id: 'orders.limits',
    promise:
      'user_id has 1 to 64 characters, number_of_items is a positive whole number, total_amount not negative with at most ' +
      'two places; each wrong field has its entry in a 422',
    cure: schema,
    look: async (target, walk) => {
      const good = orderOf(walk, 'limits');
      const longest = good.user_id.padEnd(64, 'x');
      await place(target, walk, { ...good, user_id: longest, number_of_items: '1', total_amount: '0' });
      const wrong = [
        ['user_id', '', `${longest}x`, 1.5, null],
        ['number_of_items', '', '0', '-1', '1.5', '1e3', 'many', 0, -1, 1.5, true],
        ['total_amount', '', '-1', '0.001', '1,5', '1e3', 'NaN', -1, 0.001, null],
      ] as const;
      for (const [field, ...values] of wrong)
        for (const value of values) await expectFieldErrors(target, walk, { ...good, [field]: value }, [field]);
      const both = { user_id: '', number_of_items: '0', total_amount: '-1' };
      await expectFieldErrors(target, walk, both, Object.keys(both));
      const tried = wrong.map(
        ([field, ...values]) => `${field} ${values.map((value) => JSON.stringify(value)).join()}`,
      );
      return `422 for ${tried.join('; ')}; 200 for 64 characters`;
    },
  }),
  check({
    id: 'orders.money',
    promise: 'Money is exact from end to end: what was sent is in the table and is read back, to the last place',
    cure: 'total_amount is text in src/contracts/order.ts and numeric in src/billing-app/migrations: no float in between.',
    look: async (target, walk) => {
      const ids = [];
      for (const amount of exactAmounts) ids.push(await place(target, walk, orderOf(walk, `money-${amount}`, amount)));
      const rows = await untilStored(target, ids, walk.signal);
      const stored = ids.map((id) => rows.find((row) => row.tracking_id === id)?.total_amount);
      const shown = [];
      for (const id of ids) {
        const reply = await clientOf(target)('GET', `/api/billing/${id}`);
        shown.push((reply.json as { total_amount?: unknown } | undefined)?.total_amount);
      }
      const evidence = `sent ${exactAmounts.join(' ')}; stored ${stored.join(' ')}; read back ${JSON.stringify(shown)}`;
      expect(isDeepStrictEqual(stored, exactAmounts) && isDeepStrictEqual(shown, exactAmounts), evidence);
      return evidence;
    },
  }),
  check({
    id: 'orders.idempotency-key',
    promise: 'POST /api/billing with the same Idempotency-Key gives the same tracking_id and no second row',
    cure: 'The id is made of the key by createTrackingId in src/api-gateway/orders.ts; the row is unique by tracking_id.',
    look: async (target, walk) => {
      const key = `${walk.tag}-order`;
      const order = orderOf(walk, 'once');
      const [first, second] = [await place(target, walk, order, { key }), await place(target, walk, order, { key })];
      expect(first === second, `the same key twice → tracking ids ${first} and ${second}; expected the same`);
      await passQueue(target, walk);
      const rows = await rowsOf(target, [first]);
      const evidence = `the same key twice → ${first} both times, ${rows.length} in the table`;
      expect(rows.length === 1, evidence);
      return evidence;
    },
  }),
];

async function expectFieldErrors(
  target: Parameters<Check['run']>[0],
  { placed }: Parameters<Check['run']>[1],
  order: object,
  fields: readonly string[],
): Promise<string> {
  const reply = await clientOf(target)('POST', '/api/billing', { json: order });
  const id = (reply.json as { tracking_id?: unknown } | undefined)?.tracking_id;
  if (typeof id === 'string') placed.add(id);
  const { errors = [] } = expectProblem(reply, 422);
  const named = errors.map(({ field }) => field).toSorted();
  const evidence = `${reply.shown}; expected entries for ${fields.join(', ')}`;
  expect(isDeepStrictEqual(named, [...fields].toSorted()), evidence);
  return reply.shown;
}

/** @throws Broken unless it is a list of orders */
function idsIn(list: unknown): number[] {
  const ids = Array.isArray(list) ? (list as { id?: unknown }[]).map(({ id }) => id) : [undefined];
  expect(
    ids.every((id) => typeof id === 'number'),
    `GET /api/billing → ${JSON.stringify(list).slice(0, 200)}; expected an array of orders`,
  );
  return ids;
}
