import assert from 'node:assert/strict';
import fc from 'fast-check';

interface Values {
  title: string;
  description: string;
}
interface Movie extends Values {
  id: number;
}

/** The movies as they should be: by id, oldest first. */
interface Model {
  movies: Map<number, Values>;
  /** Every id there ever was, so that deleted ones are asked for too. */
  ids: number[];
}

interface Reply {
  status: number;
  body: unknown;
  link: string | null;
}

/** Sends one request to the movies API and reads its answer. */
export type Send = (method: string, target: string, body?: object) => Promise<Reply>;

type Command = fc.AsyncCommand<Model, Send>;

/** No movie has this id. */
const NO_ID = 9_007_199_254_740_991;

const listOf = ({ movies }: Model): Movie[] => [...movies].map(([id, values]) => ({ id, ...values }));

const idAt = ({ ids }: Model, place: number): number => ids[place % (ids.length + 1)] ?? NO_ID;

/** A command with a name for the report of a failure. */
function command(name: string, run: (model: Model, send: Send) => Promise<void>): Command {
  return { check: () => true, run, toString: () => name };
}

async function expect(reply: Promise<Reply>, status: number, body?: unknown): Promise<Reply> {
  const answer = await reply;
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  if (body !== undefined) assert.deepEqual(answer.body, body);
  return answer;
}

const create = (values: Values): Command =>
  command(`create ${JSON.stringify(values)}`, async (model, send) => {
    const { body } = await expect(send('POST', '/api/movies', values), 200);
    const { id, ...created } = body as Movie;
    assert.deepEqual(created, values);
    assert.ok(id > (model.ids.at(-1) ?? 0), 'ids grow');
    model.movies.set(id, values);
    model.ids.push(id);
  });

const update = (place: number, values: Values): Command =>
  command(`update ${place} ${JSON.stringify(values)}`, async (model, send) => {
    const id = idAt(model, place);
    const target = `/api/movies/${id}`;
    if (model.movies.has(id)) {
      await expect(send('PUT', target, values), 200, { id, ...values });
      model.movies.set(id, values);
    } else {
      await expect(send('PUT', target, values), 404);
    }
  });

const remove = (place: number): Command =>
  command(`delete ${place}`, async (model, send) => {
    const id = idAt(model, place);
    await expect(send('DELETE', `/api/movies/${id}`), model.movies.delete(id) ? 200 : 404);
  });

const removeAll = (): Command =>
  command('delete all', async (model, send) => {
    const { body } = await expect(send('DELETE', '/api/movies'), 200);
    assert.equal((body as { deleted: number }).deleted, model.movies.size);
    model.movies.clear();
  });

const get = (place: number): Command =>
  command(`get ${place}`, async (model, send) => {
    const id = idAt(model, place);
    const movie = model.movies.get(id);
    await (movie
      ? expect(send('GET', `/api/movies/${id}`), 200, { id, ...movie })
      : expect(send('GET', `/api/movies/${id}`), 404));
  });

const list = (): Command =>
  command('list', async (model, send) => {
    await expect(send('GET', '/api/movies'), 200, listOf(model));
  });

/** Walks through all pages by their links. */
const pages = (limit: number, title: string): Command =>
  command(`pages of ${limit} with ${JSON.stringify(title)}`, async (model, send) => {
    const expected = search(model, title);
    const found: Movie[] = [];
    let target: string | undefined = `/api/movies?${new URLSearchParams({ limit: String(limit), title }).toString()}`;
    while (target !== undefined) {
      const { body, link } = await expect(send('GET', target), 200);
      found.push(...(body as Movie[]));
      assert.ok((body as Movie[]).length <= limit);
      assert.equal(link === null, found.length === expected.length, 'a link as long as there is more');
      target = link === null ? undefined : /^<([^>]+)>; rel="next"$/.exec(link)?.[1];
    }
    assert.deepEqual(found, expected);
  });

const titled = (title: string): Command =>
  command(`search ${JSON.stringify(title)}`, async (model, send) => {
    await expect(send('GET', `/api/movies?${new URLSearchParams({ title }).toString()}`), 200, search(model, title));
  });

/** Contains it, in any case; the titles of the model have no letters whose case is a matter of opinion. */
function search(model: Model, title: string): Movie[] {
  return listOf(model).filter((movie) => movie.title.toLowerCase().includes(title.toLowerCase()));
}

// A small alphabet, so that searches find something.
const word = fc.string({
  unit: fc.constantFrom('a', 'B', 'b', '%', '_', '\\', ' ', "'", '1', '😀', '漢'),
  maxLength: 3,
});
const values: fc.Arbitrary<Values> = fc.record(
  { title: word.map((text) => `x${text}`), description: word },
  { noNullPrototype: true },
);
const place = fc.nat({ max: 30 });

/** Sequences of requests to the movies API. */
export const movieCommands = fc.commands(
  [
    values.map(create),
    values.map(create),
    fc.tuple(place, values).map((given) => update(...given)),
    place.map(remove),
    fc.constant(removeAll()),
    place.map(get),
    fc.constant(list()),
    fc.tuple(fc.integer({ min: 1, max: 5 }), word).map((given) => pages(...given)),
    word.map(titled),
  ],
  { maxCommands: 30, size: 'max' },
);

export const emptyModel = (): Model => ({ movies: new Map(), ids: [] });
