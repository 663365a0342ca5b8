/**
 * Rows into PostgreSQL as fast as one connection takes them: the same statement for 500 at a time, made of nothing, with no broker
 * and nothing checked. `GET /insert?rows=N` answers when N rows are stored.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import pg from 'pg';

const { PORT, DATABASE_URL } = process.env;
const BATCH = 500;

const client = new pg.Client({ connectionString: DATABASE_URL });
await client.connect();

async function insert(count: number): Promise<void> {
  const rows = Array.from({ length: count }, () => [randomUUID(), '20', '99', '250']);
  await client.query({
    name: 'insert',
    text: `INSERT INTO orders (tracking_id, user_id, number_of_items, total_amount)
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::numeric[])
      ON CONFLICT (tracking_id) DO NOTHING`,
    values: [0, 1, 2, 3].map((column) => rows.map((row) => row[column])),
  });
}

createServer((request, response) => {
  const rows = Number(new URL(request.url ?? '', 'http://localhost').searchParams.get('rows'));
  void (async () => {
    for (let left = rows; left > 0; left -= BATCH) await insert(Math.min(left, BATCH));
    response.end('{}');
  })();
}).listen(Number(PORT), '127.0.0.1');
