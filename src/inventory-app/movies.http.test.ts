import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';
import { createDatabase, databaseEnv, query } from '../../tests/support/database.ts';
import { startService } from '../../tests/support/service.ts';
import type { DatabaseConfig } from '@orchestrator/kit/postgres.ts';

let database: DatabaseConfig;
let url: string;

before(async (t) => {
  database = await createDatabase(t);
  ({ url } = await startService(t, 'inventory-app', databaseEnv(database)));
});

beforeEach(() => query(database, 'TRUNCATE movies, idempotency_keys'));

interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: unknown;
}

async function call(
  method: string,
  target: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url + target, {
    method,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text && JSON.parse(text) };
}

async function createMovies(...titles: string[]): Promise<number[]> {
  const rows = await query<{ id: string }>(
    database,
    `INSERT INTO movies (title, description) SELECT title, '' FROM unnest($1::text[]) AS title RETURNING id`,
    [titles],
  );
  return rows.map(({ id }) => Number(id));
}

const titlesOf = (answer: Answer): string[] => (answer.body as Array<{ title: string }>).map(({ title }) => title);

function assertProblem(answer: Answer, status: number, code: string): void {
  assert.equal(answer.headers.get('content-type'), 'application/problem+json', answer.text);
  const { code: found } = answer.body as { code: string };
  assert.deepEqual([answer.status, found], [status, code], answer.text);
}

test('a movie is created, read, changed and deleted, with and without a slash at the end', async () => {
  for (const slash of ['', '/']) {
    const created = await call('POST', `/api/movies${slash}`, { title: 'A "new" \\ one\n🎬', description: 'É\t' });
    assert.equal(created.status, 200);
    const { id } = created.body as { id: number };
    assert.deepEqual(created.body, { id, title: 'A "new" \\ one\n🎬', description: 'É\t' });

    const found = await call('GET', `/api/movies/${id}${slash}`);
    assert.deepEqual([found.status, found.body], [200, created.body]);
    assert.equal(found.headers.get('content-type'), 'application/json; charset=utf-8');
    assert.deepEqual((await call('GET', `/api/movies${slash}`)).body, [created.body]);

    const changed = await call('PUT', `/api/movies/${id}${slash}`, { title: 'Other', description: '' });
    assert.deepEqual([changed.status, changed.body], [200, { id, title: 'Other', description: '' }]);
    assert.deepEqual((await call('GET', `/api/movies/${id}`)).body, changed.body);

    const deleted = await call('DELETE', `/api/movies/${id}${slash}`);
    assert.deepEqual([deleted.status, deleted.body], [200, { message: '1 movie deleted', deleted: 1 }]);
    for (const method of ['GET', 'DELETE']) {
      assertProblem(await call(method, `/api/movies/${id}`), 404, 'not_found');
    }
    assertProblem(await call('PUT', `/api/movies/${id}`, { title: 'x', description: '' }), 404, 'not_found');
  }
});

test('all movies are deleted at once, and their ids are not used again', async () => {
  const ids = await createMovies('one', 'two', 'three');
  // Many clients announce JSON with every request.
  const deleted = await call('DELETE', '/api/movies', undefined, { 'content-type': 'application/json' });
  assert.deepEqual([deleted.status, deleted.body], [200, { message: '3 movies deleted', deleted: 3 }]);
  assert.deepEqual((await call('GET', '/api/movies')).body, []);
  assert.deepEqual((await call('DELETE', '/api/movies')).body, { message: '0 movies deleted', deleted: 0 });
  const created = await call('POST', '/api/movies', { title: 'next', description: '' });
  assert.ok((created.body as { id: number }).id > Math.max(...ids));
});

test('what is no id is not found, by any method', async () => {
  await createMovies('one');
  const noIds = 'abc 0 -1 1e3 １ 1.0 +1 01 0x1 1_0 %201 1%2f2 %00 true null 1,2'.split(' ');
  const tooLarge = ['1'.repeat(20), '9007199254740992', '9223372036854775807', '9223372036854775808', '9'.repeat(64)];
  for (const id of [...noIds, ...tooLarge, '1'.repeat(65)]) {
    assertProblem(await call('GET', `/api/movies/${id}`), 404, 'not_found');
    assertProblem(await call('DELETE', `/api/movies/${id}`), 404, 'not_found');
    assertProblem(await call('PUT', `/api/movies/${id}`, { title: 'x', description: '' }), 404, 'not_found');
  }
  assert.deepEqual(titlesOf(await call('GET', '/api/movies')), ['one']);
});

test('a title is searched in any case, and every character stands for itself', async () => {
  await createMovies('100% Wolf', '100 Wolves', 'snake_case', 'snakeXcase', 'back\\slash', 'Été', 'a+b');
  const cases: Array<[title: string, found: string[]]> = [
    ['wOLF', ['100% Wolf']],
    ['100', ['100% Wolf', '100 Wolves']],
    ['%', ['100% Wolf']],
    ['0% w', ['100% Wolf']],
    ['_', ['snake_case']],
    ['E_C', ['snake_case']],
    ['\\', ['back\\slash']],
    ['k\\s', ['back\\slash']],
    ['%%', []],
    ['Ét', ['Été']],
    ['A+B', ['a+b']],
    ["'; DROP TABLE movies; --", []],
    ['nowhere', []],
  ];
  for (const [title, found] of cases) {
    const answer = await call('GET', `/api/movies?${new URLSearchParams({ title }).toString()}`);
    assert.deepEqual([answer.status, titlesOf(answer)], [200, found], title);
  }
  assert.equal(titlesOf(await call('GET', '/api/movies?title=')).length, 7);
});

test('a page leads to the next one, until the last', async () => {
  const titles = Array.from({ length: 7 }, (_, index) => `Movie & <${index}> ü`);
  await createMovies('other', ...titles, 'other');
  const seen: string[][] = [];
  let target: string | undefined = `/api/movies?${new URLSearchParams({ title: 'movie & <', limit: '3' }).toString()}`;
  while (target) {
    const answer: Answer = await call('GET', target);
    seen.push(titlesOf(answer));
    assert.ok(seen.length <= 3, 'there is a next page for ever');
    target = /^<(.*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
  }
  assert.deepEqual(seen, [titles.slice(0, 3), titles.slice(3, 6), titles.slice(6)]);
});

test('a page that ends where the list ends has no next one', async () => {
  const ids = await createMovies('a', 'b', 'c', 'd');
  const answer = await call('GET', `/api/movies?limit=2&after=${ids[1]}`);
  assert.deepEqual([titlesOf(answer), answer.headers.get('link')], [['c', 'd'], null]);
  const rest = await call('GET', `/api/movies?after=${ids[0]}`);
  assert.deepEqual([titlesOf(rest), rest.headers.get('link')], [['b', 'c', 'd'], null]);
  assert.deepEqual(titlesOf(await call('GET', `/api/movies?limit=100&after=${ids[3]}`)), []);
});

test('a query that cannot be meant is refused with the name of the field', async () => {
  const bad = 'limit=0 limit=101 limit=-1 limit=abc limit= limit=1.5 limit=1&limit=2 after=-1 after=x after=1e400';
  const queries = [...bad.split(' '), 'title=a&title=b', 'title=%00', `title=${'x'.repeat(256)}`];
  for (const each of [...queries, `after=${'9'.repeat(20)}`]) {
    const answer = await call('GET', `/api/movies?${each}`);
    assertProblem(answer, 422, 'invalid_field');
    const { errors = [] } = answer.body as { errors?: Array<{ field: string }> };
    assert.deepEqual(
      errors.map(({ field }) => field),
      [each.split('=')[0]],
      each + answer.text,
    );
  }
});

test('HEAD has the headers of GET and no body, whatever the length of the list', async () => {
  await createMovies('a', 'b');
  for (const target of ['/api/movies', '/api/movies?limit=1', '/api/movies?title=a']) {
    const [get, head] = [await call('GET', target), await call('HEAD', target)];
    assert.deepEqual([head.status, head.text], [200, '']);
    for (const name of ['content-type', 'content-length', 'link']) {
      assert.equal(head.headers.get(name), get.headers.get(name), `${target} ${name}`);
    }
  }
  await query(database, `INSERT INTO movies (title, description) SELECT 'x', '' FROM generate_series(1, 5000)`);
  const head = await call('HEAD', '/api/movies');
  assert.deepEqual([head.status, head.text, head.headers.get('content-length')], [200, '', null]);
});

test('a body that is no movie is refused and nothing is stored', async () => {
  const movie = { title: 'x', description: '' };
  const [id = 0] = await createMovies('untouched');
  const cases: Array<[body: string, status: number, code: string]> = [
    ['', 400, 'malformed_json'],
    ['{', 400, 'malformed_json'],
    [`{"title":"x","description":"y","__proto__":{}}`, 400, 'malformed_json'],
    ...['null', '[]', '"x"', '1', '{}'].map((body): [string, number, string] => [body, 422, 'invalid_field']),
    ...[
      { title: 'x' },
      { ...movie, id: 7 },
      { ...movie, title: '' },
      { ...movie, title: ' \n ' },
      { ...movie, title: 'x'.repeat(256) },
      { ...movie, title: 'a\u0000' },
      { ...movie, title: '\ud800' },
      { ...movie, title: 7 },
      { ...movie, title: ['x'] },
      { ...movie, description: null },
      { ...movie, description: 'x'.repeat(4001) },
    ].map((body): [string, number, string] => [JSON.stringify(body), 422, 'invalid_field']),
    [JSON.stringify({ ...movie, description: 'x'.repeat(70_000) }), 413, 'body_too_large'],
  ];
  for (const [body, status, code] of cases) {
    for (const [method, target] of [['POST', '/api/movies'] as const, ['PUT', `/api/movies/${id}`] as const]) {
      assertProblem(await call(method, target, body), status, code);
    }
  }
  assertProblem(
    await call('POST', '/api/movies', 'title=x', { 'content-type': 'text/plain' }),
    415,
    'unsupported_media_type',
  );
  assert.deepEqual(titlesOf(await call('GET', '/api/movies')), ['untouched']);
});

test('the longest movie is taken, each of its characters escaped', async () => {
  const escape = (text: string): string => text.replaceAll(/./gsu, String.raw`\ud83c\udfac`);
  const body = `{"title":"${escape('x'.repeat(255))}","description":"${escape('x'.repeat(4000))}"}`;
  const created = await call('POST', '/api/movies', body);
  assert.equal(created.status, 200, created.text);
  const { id } = created.body as { id: number };
  assert.deepEqual((await call('GET', `/api/movies/${id}`)).body, {
    id,
    title: '🎬'.repeat(255),
    description: '🎬'.repeat(4000),
  });
});

test('another method is refused with those that are allowed', async () => {
  for (const [target, allowed] of [
    ['/api/movies', 'GET, HEAD, POST, DELETE'],
    ['/api/movies/1', 'GET, HEAD, PUT, DELETE'],
  ] as const) {
    for (const method of ['PATCH', 'OPTIONS', allowed.includes('PUT') ? 'POST' : 'PUT']) {
      const answer = await call(method, target);
      assertProblem(answer, 405, 'method_not_allowed');
      assert.equal(answer.headers.get('allow'), allowed);
    }
  }
  assertProblem(await call('GET', '/'), 404, 'not_found');
  assertProblem(await call('GET', '/api/movies/1/2'), 404, 'not_found');
});
