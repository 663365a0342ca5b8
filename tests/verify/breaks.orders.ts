import { sabotages } from '../support/sabotage.ts';
import { answersTo, json, requestsOf } from './break.ts';
import type { Break } from './break.ts';

const POST = /^POST \/api\/billing\/?$/;

export const orderBreaks: readonly Break[] = [
  {
    title: 'an order is answered with 202, with the slash at the end',
    turnsRed: ['orders.accept'],
    names: /POST \/api\/billing\/ .* → 202 .*expected 200/,
    lie: answersTo(/^POST \/api\/billing\/$/, (answer) => void (answer.status = 202)),
  },
  {
    title: 'number_of_items is read back as a number',
    turnsRed: ['orders.stored'],
    lie: answersTo(
      /^GET \/api\/billing\/[0-9a-f]{8}-/,
      json((order) => (order['state'] === 'stored' ? { ...order, number_of_items: 99 } : undefined)),
    ),
  },
  {
    title: 'a 404 does not say that the order may be in the queue',
    turnsRed: ['orders.unknown'],
    lie: answersTo(
      /^GET \/api\/billing\/0{8}-/,
      json((problem) => ({ ...problem, detail: 'There is none' })),
    ),
  },
  {
    title: 'the oldest order comes first',
    turnsRed: ['orders.list'],
    lie: answersTo(
      /^GET \/api\/billing$/,
      json((list) => (Array.isArray(list) ? list.toReversed() : list)),
    ),
  },
  {
    title: 'an amount that came as a number is rounded',
    turnsRed: ['orders.numbers'],
    lie: requestsOf(
      POST,
      json((order) => (order['total_amount'] === 250.1 ? { ...order, total_amount: 250 } : undefined)),
    ),
  },
  {
    title: 'unknown fields are ignored',
    turnsRed: ['orders.unknown-field'],
    lie: requestsOf(POST, (question) => {
      question.body = question.body.replace(',"totalamount":"1"', '');
    }),
  },
  {
    title: 'an order of no items is taken',
    turnsRed: ['orders.limits'],
    names: /"number_of_items":"0".* → 200/,
    lie: requestsOf(POST, (question) => {
      question.body = question.body.replace(
        '"number_of_items":"0","total_amount":"250"',
        '"number_of_items":"1","total_amount":"250"',
      );
    }),
  },
  {
    title: 'the amount of an order is a float on its way',
    turnsRed: ['orders.money'],
    names: /stored .*16777218/,
    lie: requestsOf(POST, (question) => {
      question.body = question.body.replace(
        /"total_amount":"16777217.01"/,
        () => `"total_amount":"${Math.fround(16777217.01)}"`,
      );
    }),
  },
  {
    title: 'the table keeps money as a float',
    turnsRed: ['database.money', 'orders.money', 'orders.numbers', 'orders.stored', 'message.conflict'],
    names: /total_amount double precision,.*; expected total_amount numeric/,
    sql: {
      database: 'billing',
      breaks: 'ALTER TABLE orders ALTER COLUMN total_amount TYPE double precision',
      mends: 'ALTER TABLE orders ALTER COLUMN total_amount TYPE numeric(12, 2)',
    },
  },
  {
    title: 'the Idempotency-Key of an order is ignored',
    turnsRed: ['orders.idempotency-key', 'message.conflict'],
    lie: requestsOf(POST, ({ headers }) => delete headers['idempotency-key']),
  },
  {
    title: 'a rejected order does not tell the reason',
    turnsRed: ['orders.rejected'],
    lie: answersTo(
      /^GET \/api\/billing\/[0-9a-f]{8}-/,
      json(({ reason: _reason, ...order }) => order),
    ),
  },
  {
    title: 'no order is taken while billing-app is stopped',
    turnsRed: ['orders.stopped-billing'],
    names: /-22".* → 503 .*expected 200/,
    lie: {
      answer: (answer, { body }) => {
        if (body.includes('-22"')) answer.status = 503;
      },
    },
  },
  {
    title: 'billing-app acknowledges before it commits',
    turnsRed: ['orders.commit-before-ack'],
    names: /killed before the commit, and after its restart the order is lost/,
    sabotage: sabotages.acknowledgesBeforeCommit,
  },
  {
    title: 'an order becomes a dead letter while the database is away',
    turnsRed: ['orders.database-away'],
    names: /became a dead letter while the database was away/,
    sabotage: {
      service: 'billing-app',
      edits: [
        {
          file: 'billing-app/orders.postgres.ts',
          from: 'if (!isRefusal(error)) throw error;',
          to: '',
        },
      ],
    },
  },
];
