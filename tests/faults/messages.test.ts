import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { headers } from '@orchestrator/contracts/queue.ts';
import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';
import { brokerEnv, createVhost, publish, readDeadLetters, readyCount } from '../support/broker.ts';
import type { RawMessage } from '../support/broker.ts';
import { createDatabase, databaseEnv } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { readRows, runService } from '../support/system.ts';
import type { ServiceProgram } from '../support/system.ts';

const TIMEOUT_MS = 60_000;

let broker: BrokerConfig;
let orders: DatabaseConfig;
let billing: ServiceProgram;

before(async (scope) => {
  broker = await createVhost(scope);
  orders = await createDatabase(scope);
  billing = await runService(scope, 'billing-app', { ...databaseEnv(orders), ...brokerEnv(broker) });
});

const good = { user_id: '20', number_of_items: '99', total_amount: '250' };
const json = (value: unknown): string => JSON.stringify(value);
const wrong = (field: string, value: string): string => json({ ...good, [field]: '?' }).replace('"?"', value);

/** Bodies that can never be stored, each told apart by a number where it has room for one. */
const poison: Array<(number: number) => string | Uint8Array> = [
  () => '',
  (number) => `{"user_id":"${number}"`,
  (number) => `not JSON ${number}`,
  (number) => `{'user_id':'${number}'}`,
  (number) => `${json(good)},${number}`,
  (number) => `${json(good)}${json({ ...good, user_id: String(number) })}`,
  (number) => new Uint8Array([0xff, 0xfe, number % 256]),
  (number) =>
    Buffer.concat([
      Buffer.from(`{"user_id":"${number}`),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('","number_of_items":"1","total_amount":"1"}'),
    ]),
  (number) => Buffer.from(json({ ...good, user_id: String(number) }), 'utf16le'),
  (number) => gzipSync(json({ ...good, user_id: String(number) })),
  (number) => new Uint8Array(number + 1),
  () => 'null',
  () => 'true',
  (number) => String(number),
  (number) => json([number]),
  (number) => json([{ ...good, user_id: String(number) }]),
  (number) => json({ ...good, user_id: String(number) }).slice(0, -1) + ',"more":1}',
  (number) => json({ user_id: String(number), number_of_items: '1' }),
  (number) => json({ userId: String(number), items: 1, amount: 1 }),
  () => wrong('user_id', '""'),
  () => wrong('user_id', 'null'),
  () => wrong('user_id', 'true'),
  () => wrong('user_id', '-1'),
  () => wrong('user_id', '9007199254740993'),
  () => wrong('user_id', `"${'x'.repeat(65)}"`),
  () => wrong('user_id', '"\\ud800"'),
  () => wrong('user_id', '"a\\u0000b"'),
  () => wrong('user_id', '["20"]'),
  () => wrong('user_id', '{"$ne":null}'),
  () => wrong('number_of_items', '"0"'),
  () => wrong('number_of_items', '"-1"'),
  () => wrong('number_of_items', '"1.5"'),
  () => wrong('number_of_items', '"1e3"'),
  () => wrong('number_of_items', '"2147483648"'),
  () => wrong('number_of_items', '"٣"'),
  () => wrong('number_of_items', '1.5'),
  () => wrong('number_of_items', '"1; DROP TABLE orders"'),
  () => wrong('total_amount', '"NaN"'),
  () => wrong('total_amount', 'NaN'),
  () => wrong('total_amount', '"Infinity"'),
  () => wrong('total_amount', '1e999'),
  () => wrong('total_amount', '"-5"'),
  () => wrong('total_amount', '-0'),
  () => wrong('total_amount', '"1,5"'),
  () => wrong('total_amount', '"250.005"'),
  () => wrong('total_amount', '250.005'),
  () => wrong('total_amount', '"10000000000"'),
  (number) => json({ ...good, user_id: 'x'.repeat(60_000 + number) }),
  (number) => `${json(good)}${' '.repeat(60_000 + number)}`,
  (number) => '['.repeat(8000 + number),
  (number) => `${'['.repeat(7000 + number)}${']'.repeat(7000 + number)}`,
  (number) => `{"user_id":${'{"a":'.repeat(2000 + number)}1${'}'.repeat(2000 + number)}}`,
  (number) => `{"__proto__":{"user_id":"${number}"},"number_of_items":"1","total_amount":"1"}`,
  (number) => json({ ...good, [`f${number}`]: 'x'.repeat(12_000) }),
  (number) => json({ ...good, [`\u0000\n\u001b[31m${number}`]: 1 }),
];

test('500 poison messages: all are kept with a reason, unchanged; good orders among them are stored', async () => {
  const rowsBefore = (await readRows(orders)).length;
  const pid = billing.pid();
  const sent = Array.from({ length: 500 }, (_, number): RawMessage => {
    const body = poison[number % poison.length]?.(number) ?? '';
    return {
      body,
      properties: number % 2 === 0 ? {} : { messageId: `poison-${number}`, contentType: 'application/json' },
    };
  });
  const mixed = sent.flatMap((message, number) => [message, { body: json({ ...good, user_id: `good ${number}` }) }]);
  await publish(broker, mixed);

  await eventually(async () => {
    assert.equal((await readRows(orders)).length - rowsBefore, 500);
    assert.equal(await readyCount(broker), 0);
  }, TIMEOUT_MS);
  const dead = await eventually(async () => {
    const messages = await readDeadLetters(broker);
    assert.equal(messages.length, 500);
    return messages;
  }, TIMEOUT_MS);
  const bodies = (messages: Array<{ body: string | Uint8Array }>): string[] =>
    messages.map(({ body }) => Buffer.from(body).toString('base64')).toSorted();
  assert.deepEqual(bodies(dead.map(({ content }) => ({ body: content }))), bodies(sent), 'byte for byte');
  const ids = dead.map(({ properties }) => String(properties.messageId)).filter((id) => id.startsWith('poison-'));
  assert.equal(new Set(ids).size, 250, 'with the ids they came with');
  for (const { properties, content } of dead) {
    const reason: unknown = properties.headers?.[headers.reason];
    assert.match(
      String(reason),
      /^(?=.{10,500}$)[^\p{Cc}]*$/u,
      `the reason of ${content.toString('utf8').slice(0, 80)}`,
    );
    assert.doesNotMatch(String(reason), /Error|at .*\.ts|node_modules/);
  }
  const reasons = new Set(dead.map(({ properties }) => String(properties.headers?.[headers.reason])));
  assert.ok(reasons.size >= 10, [...reasons].join('\n'));
  assert.equal(billing.pid(), pid);
  assert.equal(billing.starts(), 1, 'billing-app was never restarted');
  const stored = (await readRows(orders)).slice(rowsBefore);
  assert.deepEqual(
    new Set(stored.map(({ user_id }) => user_id)),
    new Set(sent.map((_message, number) => `good ${number}`)),
  );
});

/** Orders that others put into the queue: by the broker's page, by a script. */
const foreign: Array<[name: string, message: RawMessage, stored?: Partial<typeof good>]> = [
  ['without any property', { body: json(good) }],
  ['with numbers', { body: '{"user_id":20,"number_of_items":99,"total_amount":250}' }],
  [
    'with space, a byte order mark and another sequence',
    { body: '\ufeff {"total_amount" : "250", "number_of_items":"99",\n"user_id":"20"} ' },
  ],
  ['not persistent', { body: json(good), properties: { deliveryMode: 1 } }],
  ['with a message id that is no UUID', { body: json(good), properties: { messageId: 'order 20 / 7' } }],
  ['with a message id of 255 bytes', { body: json(good), properties: { messageId: 'é'.repeat(127) } }],
  ['with an empty message id', { body: json(good), properties: { messageId: '' } }],
  ['with an upper-case UUID', { body: json(good), properties: { messageId: '019AA000-0000-7000-8000-00000000ABCD' } }],
  ['with a priority and an expiration', { body: json(good), properties: { priority: 9, expiration: '600000' } }],
  ['with another content type', { body: json(good), properties: { contentType: 'text/plain' } }],
  ['with a content encoding', { body: json(good), properties: { contentEncoding: 'utf-8' } }],
  [
    'with a reply address and a type',
    { body: json(good), properties: { replyTo: 'somewhere', type: 'x', appId: 'script' } },
  ],
  [
    'with headers of wrong types',
    {
      body: json(good),
      properties: { headers: { traceparent: 7, 'x-request-id': { a: [1] }, 'x-reason': 'mine', 'x-death': [] } },
    },
  ],
  ['with large headers', { body: json(good), properties: { headers: { note: 'x'.repeat(20_000) } } }],
  [
    'with text of all kinds',
    { body: json({ ...good, user_id: 'é 漢 😀 \' " \\ % ; --' }) },
    { user_id: 'é 漢 😀 \' " \\ % ; --' },
  ],
  ['with leading zeros', { body: json({ ...good, total_amount: '0250.5' }) }, { total_amount: '250.50' }],
  [
    'with the largest values',
    { body: json({ user_id: 'x'.repeat(64), number_of_items: '1000000', total_amount: '9999999999.99' }) },
    { user_id: 'x'.repeat(64), number_of_items: '1000000', total_amount: '9999999999.99' },
  ],
  ['with the same key twice', { body: '{"user_id":"19","number_of_items":"99","total_amount":"250","user_id":"20"}' }],
];

for (const [name, message, stored] of foreign) {
  test(`a message of others is stored: ${name}`, async () => {
    const before = (await readRows(orders)).length;
    const dead = await readyCount(broker, 'billing_queue.dead');
    await publish(broker, [message]);
    const [row] = await eventually(async () => {
      const rows = (await readRows(orders)).slice(before);
      assert.equal(rows.length, 1);
      return rows;
    }, TIMEOUT_MS);
    const { tracking_id: _, ...values } = row ?? { tracking_id: '' };
    assert.deepEqual(values, { ...good, total_amount: '250.00', ...stored });
    assert.equal(await readyCount(broker, 'billing_queue.dead'), dead);
  });
}

test('two messages without identity are two orders, even with the same values', async () => {
  const before = (await readRows(orders)).length;
  await publish(broker, [{ body: json(good) }, { body: json(good) }]);
  await eventually(async () => assert.equal((await readRows(orders)).length - before, 2), TIMEOUT_MS);
});
