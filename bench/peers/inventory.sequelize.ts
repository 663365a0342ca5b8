/** The inventory as it is usually written: Express 5 and Sequelize 6. */
import express from 'express';
import { DataTypes, Op, Sequelize } from 'sequelize';

const { PORT, DATABASE_URL } = process.env;

const sequelize = new Sequelize(DATABASE_URL ?? '', { logging: false, pool: { max: 10 } });
const Movie = sequelize.define(
  'movie',
  {
    id: { type: DataTypes.BIGINT, primaryKey: true, autoIncrement: true },
    title: { type: DataTypes.TEXT, allowNull: false },
    description: { type: DataTypes.TEXT, allowNull: false },
  },
  { timestamps: false, tableName: 'movies' },
);
await sequelize.authenticate();

const app = express();
app.use(express.json());

app.get('/api/movies', async (request, response) => {
  const { title, limit } = request.query as Record<string, string>;
  const where = title ? { title: { [Op.iLike]: `%${title}%` } } : {};
  response.json(await Movie.findAll({ where, order: ['id'], ...(limit && { limit: Number(limit) }) }));
});

app.get('/api/movies/:id', async (request, response) => {
  const movie = await Movie.findByPk(request.params.id);
  if (movie) response.json(movie);
  else response.status(404).json({ error: 'not found' });
});

app.get('/health', (_request, response) => void response.json({ status: 'ok' }));
app.listen(Number(PORT), '127.0.0.1');
