/**
 * The fastest program that we know to write for the same answers on node:http and pg: statements prepared and pipelined on a
 * few connections, JSON text made by PostgreSQL, and nothing else: no limits, no log, no metrics, no errors handled.
 */
import { createServer } from 'node:http';
import type { Writable } from 'node:stream';
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

const one = {
  name: 'one',
  text: 'SELECT row_to_json(m)::text FROM (SELECT id, title, description FROM movies WHERE id = $1) AS m',
};
const list = {
  name: 'list',
  text: `SELECT '[' || coalesce(string_agg(row_to_json(m)::text, ','), '') || ']'
    FROM (SELECT id, title, description FROM movies ORDER BY id LIMIT $1) AS m`,
};

/** All that is asked in one turn of the event loop goes out with one write. */
function writeAtEndOfTurn(stream: Writable): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  setImmediate(() => stream.uncork());
}

createServer((request, response) => {
  const { url = '' } = request;
  const statement = url.startsWith('/api/movies/') ? one : list;
  const value = url.slice(statement === one ? '/api/movies/'.length : '/api/movies?limit='.length);
  const client = clients[next++ % CONNECTIONS]!;
  writeAtEndOfTurn(client.connection.stream);
  client.query({ ...statement, values: [value], rowMode: 'array' }, (_error, { rows }) => {
    const [[json] = ['']] = rows as string[][];
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(json ?? ''),
    });
    response.end(json);
  });
}).listen(Number(PORT), '127.0.0.1');
