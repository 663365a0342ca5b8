/** One service as it is usually written and started: Express 5, Sequelize 6 and amqplib, by tsx. */
import { connect } from 'amqplib';
import express from 'express';
import { DataTypes, Sequelize } from 'sequelize';

const { PORT, DATABASE_URL, RABBITMQ_URL } = process.env;

const sequelize = new Sequelize(DATABASE_URL ?? '', { logging: false });
const Order = sequelize.define('order', { user_id: DataTypes.TEXT }, { timestamps: false, tableName: 'orders' });
await sequelize.authenticate();

const connection = await connect(RABBITMQ_URL ?? '');
const channel = await connection.createChannel();
await channel.assertQueue('peer_queue', { durable: true });

const app = express();
app.use(express.json());
app.get('/api/billing', async (_request, response) => void response.json(await Order.findAll({ limit: 20 })));
app.get('/health', (_request, response) => void response.json({ status: 'ok' }));
app.listen(Number(PORT), '127.0.0.1');
