/**
 * The fastest program that we know to write for the same answers on node:http and pg: statements prepared and pipelined on a
 * few connections, one for all movies of a turn, JSON text made by PostgreSQL, and nothing else: no limits, no log, no metrics, no errors handled.
 */
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import pg from 'pg';

const { PORT, DATABASE_URL } = process.env;
const CONNECTIONS = 4;

const clients = await Promise.all(
  Array.from({ length: CONNECTIONS }, async () => {
    const client = new pg.Client({ connectionString: DATABASE_URL, pipeline: true });
    await client.connect();
    return client;
  }),
);
let next = 0;

const ones = {
  name: 'ones',
  text: `SELECT id, row_to_json(m)::text
    FROM (SELECT id, title, description FROM movies WHERE id = ANY($1::bigint[])) AS m`,
};
const list = {
  name: 'list',
  text: `SELECT '[' || coalesce(string_agg(row_to_json(m)::text, ','), '') || ']'
    FROM (SELECT id, title, description FROM movies ORDER BY id LIMIT $1) AS m`,
};

function ask(statement: typeof list, values: unknown[], onRows: (rows: string[][]) => void): void {
  const client = clients[next++ % CONNECTIONS]!;
  client.query({ ...statement, values, rowMode: 'array' }, (_error, { rows }) => onRows(rows as string[][]));
}

let waiting: Array<[id: string, response: ServerResponse]> = [];

/** All that is asked for in one turn of the event loop is found with one statement. */
function findAll(): void {
  const asked = waiting;
  waiting = [];
  ask(ones, [asked.map(([id]) => id)], (rows) => {
    const found = new Map(rows as Array<[string, string]>);
    for (const [id, response] of asked) answer(response, found.get(id) ?? '');
  });
}

function answer(response: ServerResponse, json: string): void {
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(json),
  });
  response.end(json);
}

createServer(({ url = '' }, response) => {
  if (url.startsWith('/api/movies/')) {
    if (waiting.length === 0) setImmediate(findAll);
    waiting.push([url.slice('/api/movies/'.length), response]);
  } else {
    ask(list, [url.slice('/api/movies?limit='.length)], ([[json = ''] = []]) => answer(response, json));
  }
}).listen(Number(PORT), '127.0.0.1');
