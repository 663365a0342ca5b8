import { sabotages } from '../support/sabotage.ts';
import { answersTo, json } from './break.ts';
import type { Break } from './break.ts';

export const errorBreaks: readonly Break[] = [
  {
    title: 'malformed JSON is a 500',
    turnsRed: ['errors.malformed-json'],
    lie: {
      answer: (answer, { body }) => {
        if (body === '{"title":') answer.status = 500;
      },
    },
  },
  {
    title: 'a path that is not there gets a page',
    turnsRed: ['errors.not-found'],
    names: /content-type text\/html/,
    lie: answersTo(/^GET \/api\/nothing$/, ({ headers }) => void (headers['content-type'] = 'text/html')),
  },
  {
    title: 'a 405 has no Allow',
    turnsRed: ['errors.method'],
    lie: answersTo(/^DELETE \/api\/billing$/, ({ headers }) => delete headers['allow']),
  },
  {
    title: 'a body that is too large is a 400',
    turnsRed: ['errors.too-large'],
    lie: {
      answer: (answer) => {
        if (answer.status === 413) answer.status = 400;
      },
    },
  },
  {
    title: 'a body of another type is a 400',
    turnsRed: ['errors.media-type'],
    lie: {
      answer: (answer) => {
        if (answer.status === 415) answer.status = 400;
      },
    },
  },
  {
    title: 'only the first wrong field of a movie is told',
    turnsRed: ['errors.fields'],
    lie: answersTo(
      /^POST \/api\/movies$/,
      json((answer) =>
        Array.isArray(answer['errors']) ? { ...answer, errors: answer['errors'].slice(0, 1) } : answer,
      ),
    ),
  },
  {
    title: 'an error shows where it was thrown',
    turnsRed: ['errors.discreet'],
    names: /tells of the inside/,
    lie: answersTo(
      /^GET \/api\/movies\/99999999999999999999$/,
      json((problem) => ({ ...problem, stack: 'at find (movies.ts:12:3)' })),
    ),
  },
  {
    title: 'bad input is a 500',
    turnsRed: ['errors.discreet'],
    names: /→ 500 .*expected a 4xx/,
    lie: {
      answer: (answer, { path }) => {
        if (path.includes('limit=-1')) answer.status = 500;
      },
    },
  },
  {
    title: 'without inventory-app the list is empty',
    turnsRed: ['errors.inventory-away'],
    lie: {
      answer: (answer) => {
        if (answer.status === 502) Object.assign(answer, { status: 200, body: '[]' });
      },
    },
  },
  {
    title: 'the gateway does not wait for the confirm',
    turnsRed: ['errors.queue-full'],
    names: /the queue was full: 40 orders were answered with 200/,
    sabotage: sabotages.answersWithoutConfirm,
  },
  {
    title: 'without the broker orders are answered with 200',
    turnsRed: ['errors.broker-away'],
    names: /→ 200 .*expected 503/,
    lie: {
      answer: (answer) => {
        const accepted = { message: 'Order accepted', tracking_id: '01a2079b-52a4-7c3a-8b6c-0d9fd26c1f0e' };
        if (answer.status === 503) Object.assign(answer, { status: 200, body: JSON.stringify(accepted) });
      },
    },
  },
];
