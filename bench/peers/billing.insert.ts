/** The consumer as it is usually written: amqplib with a prefetch, one INSERT and one acknowledgement a message. */
import { connect } from 'amqplib';
import express from 'express';
import pg from 'pg';

const { PORT, DATABASE_URL, RABBITMQ_URL } = process.env;
const QUEUE = 'billing_queue';
const PREFETCH = 250;

const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 20 });
const connection = await connect(RABBITMQ_URL ?? '');
const channel = await connection.createChannel();
await channel.prefetch(PREFETCH);
await channel.consume(QUEUE, (message) => {
  if (!message) return;
  const order = JSON.parse(message.content.toString()) as Record<string, string>;
  pool
    .query(
      `INSERT INTO orders (tracking_id, user_id, number_of_items, total_amount)
        VALUES ($1, $2, $3, $4) ON CONFLICT (tracking_id) DO NOTHING`,
      [message.properties.messageId, order['user_id'], order['number_of_items'], order['total_amount']],
    )
    .then(
      () => channel.ack(message),
      (error: unknown) => {
        console.error(error);
        channel.nack(message);
      },
    );
});

const app = express();
app.get('/health', (_request, response) => void response.json({ status: 'ok' }));
app.listen(Number(PORT), '127.0.0.1');
