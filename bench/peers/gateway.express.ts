/** The gateway as it is usually written: Express 5, http-proxy-middleware with kept connections, amqplib with confirms. */
import { Agent } from 'node:http';
import { connect } from 'amqplib';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';

const { PORT, INVENTORY_URL, RABBITMQ_URL } = process.env;
const QUEUE = 'billing_queue';

const app = express();
app.use(
  createProxyMiddleware({
    pathFilter: '/api/movies',
    target: INVENTORY_URL ?? '',
    changeOrigin: true,
    agent: new Agent({ keepAlive: true, maxSockets: 64 }),
  }),
);

if (RABBITMQ_URL) {
  const connection = await connect(RABBITMQ_URL);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  app.post('/api/billing', express.json(), (request, response) => {
    const { user_id, number_of_items, total_amount } = request.body as Record<string, string>;
    if (!user_id || !number_of_items || !total_amount) {
      response.status(400).json({ error: 'user_id, number_of_items and total_amount are required' });
      return;
    }
    const message = Buffer.from(JSON.stringify({ user_id, number_of_items, total_amount }));
    channel.sendToQueue(QUEUE, message, { persistent: true }, (error) => {
      if (error) response.status(503).json({ error: 'the order was not taken' });
      else response.json({ message: 'Order accepted' });
    });
  });
}

app.get('/health', (_request, response) => void response.json({ status: 'ok' }));
app.listen(Number(PORT), '127.0.0.1');
