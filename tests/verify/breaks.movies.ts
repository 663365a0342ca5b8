import { answersTo, json, requestsOf } from './break.ts';
import type { Break } from './break.ts';

export const movieBreaks: readonly Break[] = [
  {
    title: 'a created movie is answered with 201, with the slash at the end',
    turnsRed: ['movies.create'],
    names: /POST \/api\/movies\/ .* → 201 .*expected 200/,
    lie: answersTo(/^POST \/api\/movies\/$/, (answer) => void (answer.status = 201)),
  },
  {
    title: 'the list is not found with a slash at the end',
    turnsRed: ['movies.list'],
    names: /GET \/api\/movies\/ → 404/,
    lie: answersTo(/^GET \/api\/movies\/$/, (answer) => void (answer.status = 404)),
  },
  {
    title: 'the search minds upper and lower case',
    turnsRed: ['movies.search'],
    lie: {
      answer: (answer, { path }) => {
        if (path.includes('the%20matrix')) answer.body = '[]';
      },
    },
  },
  {
    title: '% in the title that is looked for stands for anything',
    turnsRed: ['movies.search-literal'],
    lie: requestsOf(/^GET \/api\/movies$/, (question) => {
      question.path = question.path.replace('100%25', '100');
    }),
  },
  {
    title: 'a movie that is not there is a 500',
    turnsRed: ['movies.one'],
    names: /GET \/api\/movies\/9007199254740000 → 500/,
    lie: answersTo(/^GET \/api\/movies\/9007199254740000$/, (answer) => void (answer.status = 500)),
  },
  {
    title: 'PUT changes the id',
    turnsRed: ['movies.update'],
    lie: {
      answer: (answer, { body }) => {
        if (body.includes(' after"')) json((movie) => ({ ...movie, id: 1 + Number(movie['id']) }))(answer);
      },
    },
  },
  {
    title: 'a deleted movie is answered with 204',
    turnsRed: ['movies.delete'],
    lie: answersTo(/^DELETE \/api\/movies\/\d+$/, (answer) => void (answer.status = 204)),
  },
  {
    title: 'DELETE of all does not say how many',
    turnsRed: ['movies.delete-all'],
    lie: answersTo(
      /^DELETE \/api\/movies$/,
      json(({ deleted: _deleted, ...rest }) => rest),
    ),
  },
  {
    title: 'a page has no Link to the next',
    turnsRed: ['movies.paging'],
    names: /Link: none; expected the next page/,
    lie: answersTo(/^GET \/api\/movies$/, ({ headers }, { path }) => {
      if (path.includes('limit=2')) delete headers['link'];
    }),
  },
  {
    title: 'the Idempotency-Key of a movie is ignored',
    turnsRed: ['movies.idempotency-key'],
    lie: requestsOf(/^POST \/api\/movies$/, ({ headers }) => delete headers['idempotency-key']),
  },
  {
    title: 'the gateway has an answer of its own where inventory-app has another',
    turnsRed: ['movies.as-they-are'],
    lie: answersTo(/^HEAD /, ({ headers }) => delete headers['content-type']),
  },
];
