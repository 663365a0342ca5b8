import { DEAD_LETTER_QUEUE, ORDER_QUEUE, queueArguments } from '@orchestrator/contracts/queue.ts';
import type { LocalSystem } from '@orchestrator/orchestrator/target/target.ts';
import { sabotages } from '../support/sabotage.ts';
import { answersTo, json, requestsOf } from './break.ts';
import type { Break, Json } from './break.ts';

const POST = /^POST \/api\/billing$/;
const billing = (file: string, from: string, to: string): NonNullable<Break['sabotage']> => ({
  service: 'billing-app',
  edits: [{ file: `billing-app/${file}`, from, to }],
});

/** Makes the dead-letter queue anew. */
async function declareDeadLetters(target: LocalSystem, args: Readonly<Record<string, unknown>>): Promise<void> {
  await target.broker.withChannel(async (channel) => {
    await channel.deleteQueue(DEAD_LETTER_QUEUE);
    await channel.assertQueue(DEAD_LETTER_QUEUE, { durable: true, arguments: args });
  });
}

/** What happens behind the back of a check, once a part that it had stopped runs again. */
const afterStartOf =
  (part: string, act: (target: LocalSystem) => Promise<unknown>): NonNullable<Break['view']> =>
  async (target) => {
    const start: LocalSystem['start'] = async (name) => {
      await target.start(name);
      if (name === part) await act(target);
    };
    return { target: { ...target, start }, mend: async () => undefined };
  };

export const messageBreaks: readonly Break[] = [
  {
    title: 'billing_queue.dead is a classic queue',
    turnsRed: ['queue.declared'],
    names: /billing_queue\.dead is .*"classic".*expected durable with .*quorum/,
    view: async (target) => {
      await declareDeadLetters(target, { 'x-queue-type': 'classic' });
      return { target, mend: () => declareDeadLetters(target, queueArguments[DEAD_LETTER_QUEUE]) };
    },
  },
  {
    title: 'the message is transient',
    turnsRed: ['message.persistent'],
    names: /deliveryMode (1|undefined)/,
    sabotage: sabotages.sendsTransientMessages,
  },
  {
    title: 'the tracking id of the answer is not that of the message',
    turnsRed: ['message.identity'],
    sabotage: {
      service: 'api-gateway',
      edits: [
        {
          file: 'api-gateway/orders.frames.ts',
          from: 'shortString(trackingId)',
          to: 'shortString(trackingId.toUpperCase())',
        },
      ],
    },
  },
  {
    title: 'the body is not what was sent',
    turnsRed: ['message.body'],
    lie: requestsOf(POST, (question) => {
      question.body = question.body.replace(/-sent",(.*)"250.50"/, '-sent",$1"250.5"');
    }),
  },
  {
    title: 'the trace is not carried on',
    turnsRed: ['message.trace'],
    lie: requestsOf(POST, ({ headers }) => delete headers['traceparent']),
  },
  {
    title: 'messages without an id are dropped',
    turnsRed: ['message.foreign'],
    sabotage: billing(
      'orders.amqp.ts',
      'const values = readOrder(delivery.content);',
      'if (!delivery.messageId) return void this.#channel.ack(delivery.message);\n    const values = readOrder(delivery.content);',
    ),
  },
  {
    title: 'nothing keeps a second row from a tracking id',
    turnsRed: ['database.unique', 'message.conflict', 'message.redelivered', 'orders.idempotency-key'],
    names: /unique in orders are only: orders_pkey/,
    sabotage: sabotages.insertsWithoutUniqueKey,
    sql: {
      database: 'billing',
      breaks: 'ALTER TABLE orders DROP CONSTRAINT orders_tracking_id_key',
      mends: 'ALTER TABLE orders ADD UNIQUE (tracking_id)',
    },
  },
  {
    title: 'tracking_id is unique by an index only',
    turnsRed: ['database.unique'],
    sql: {
      database: 'billing',
      breaks:
        'CREATE UNIQUE INDEX another ON orders (tracking_id); ALTER TABLE orders DROP CONSTRAINT orders_tracking_id_key',
      mends: 'ALTER TABLE orders ADD UNIQUE (tracking_id); DROP INDEX another',
    },
  },
  {
    title: 'a dead letter has no reason',
    turnsRed: ['message.poison'],
    names: /x-reason: undefined/,
    sabotage: billing(
      'dead-letters.amqp.ts',
      'send({ ...kept(properties), headers: { ...keptHeaders(properties.headers), [headers.reason]: reason } });',
      'send({ ...kept(properties), headers: keptHeaders(properties.headers) });',
    ),
  },
  {
    title: 'the second order under a key is dropped without a word',
    turnsRed: ['message.conflict'],
    sabotage: billing(
      'orders.postgres.ts',
      "return same[index] ? 'duplicate' : conflict(order);",
      "return same[index] ? 'duplicate' : 'duplicate';",
    ),
  },
  {
    title: 'title of movies is limited in the table',
    turnsRed: ['database.movies'],
    sql: {
      database: 'inventory',
      breaks: 'ALTER TABLE movies ALTER COLUMN title TYPE varchar(255)',
      mends: 'ALTER TABLE movies ALTER COLUMN title TYPE text',
    },
  },
  {
    title: 'number_of_items is a text in the table',
    turnsRed: ['database.orders'],
    sql: {
      database: 'billing',
      breaks: 'ALTER TABLE orders ALTER COLUMN number_of_items TYPE bigint',
      mends: 'ALTER TABLE orders ALTER COLUMN number_of_items TYPE int',
    },
  },
  {
    title: 'total_amount has three places in the table',
    turnsRed: ['database.money'],
    sql: {
      database: 'billing',
      breaks: 'ALTER TABLE orders ALTER COLUMN total_amount TYPE numeric(13, 2)',
      mends: 'ALTER TABLE orders ALTER COLUMN total_amount TYPE numeric(12, 2)',
    },
  },
  {
    title: 'movies are lost when their database restarts',
    turnsRed: ['data.movies-kept'],
    view: afterStartOf('inventory-database', (target) => target.execute('inventory', 'DELETE FROM movies')),
  },
  {
    title: 'orders are lost when their database restarts',
    turnsRed: ['data.orders-kept'],
    view: afterStartOf('billing-database', (target) => target.execute('billing', 'DELETE FROM orders')),
  },
  {
    title: 'the queue is empty when the broker restarts',
    turnsRed: ['data.queue-kept'],
    view: afterStartOf('rabbitmq', (target) => target.broker.withChannel((channel) => channel.purgeQueue(ORDER_QUEUE))),
  },
];

export const healthBreaks: readonly Break[] = [
  {
    title: 'the gateway is not ready',
    turnsRed: ['health.gateway'],
    lie: answersTo(/^GET \/health\/ready$/, (answer) => void (answer.status = 503)),
  },
  {
    title: 'billing-app has no health',
    turnsRed: ['health.services'],
    at: 'billing-app',
    lie: answersTo(/^GET \/health\/live$/, (answer) => void (answer.status = 404)),
  },
  {
    title: 'the life of billing-app depends on its database',
    turnsRed: ['health.without-database'],
    sabotage: {
      service: 'billing-app',
      edits: [
        {
          file: 'kit/http.health.ts',
          from: "app.get('/health/live', async () => ({ status: 'live' }));",
          to: "app.get('/health/live', async () => { await check(); return { status: 'live' }; });",
        },
      ],
    },
  },
  {
    title: 'metrics are on other ports',
    turnsRed: ['health.metrics'],
    view: async (target) => {
      const status: LocalSystem['control']['status'] = async () => {
        const { components, ...rest } = await target.control.status();
        const moved = components.map((one) => (one.name === 'api-gateway' ? { ...one, port: one.port - 7 } : one));
        return { ...rest, components: moved };
      };
      return { target: { ...target, control: { ...target.control, status } }, mend: async () => undefined };
    },
  },
  {
    title: 'clients reach the metrics',
    turnsRed: ['health.metrics-private'],
    lie: answersTo(/^GET \/metrics$/, (answer) => Object.assign(answer, { status: 200, body: 'up 1' })),
  },
  {
    title: 'there is no page at /',
    turnsRed: ['pages.home'],
    lie: answersTo(/^GET \/$/, (answer) => void (answer.status = 404)),
  },
  {
    title: 'the reference lacks its script',
    turnsRed: ['pages.docs'],
    names: /GET \/docs\/docs\.js → 404/,
    lie: answersTo(/^GET \/docs\/docs\.js$/, (answer) => void (answer.status = 404)),
  },
  {
    title: 'a method is not described',
    turnsRed: ['pages.openapi'],
    names: /PUT \/api\/movies\/\{id\} is missing/,
    lie: answersTo(
      /^GET \/openapi\.json$/,
      json(({ paths, ...rest }) => {
        const { '/api/movies/{id}': movie, ...others } = paths as Record<string, Json>;
        const { put: _put, ...methods } = movie ?? {};
        return { ...rest, paths: { ...others, '/api/movies/{id}': methods } };
      }),
    ),
  },
];
