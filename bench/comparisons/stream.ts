import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import { compare } from '../comparison.ts';
import type { Comparison, Finding } from '../comparison.ts';
import { get } from '../http.ts';
import { answerReader } from '../load.answers.ts';
import { forgetPeak, peakMb } from '../measure.ts';
import { databaseSettings, service } from '../programs.ts';
import { databaseOf } from './growth.ts';

const id = 'list-memory';
const MOVIES = 1_000_000;
const LIMIT_MB = 150;

/** A reader who stops so often is behind from the first page on. */
const PAUSE = { everyBytes: 2_000_000, ms: 20 };

async function run(bench: Bench): Promise<Finding[]> {
  const running = await bench.start(await service('inventory-app', databaseSettings(await databaseOf(bench, MOVIES))));
  forgetPeak(running.pid);
  const movies = await readSlowly(running.port);
  if (movies !== MOVIES) throw new Error(`the list has ${movies} movies, not ${MOVIES}`);
  const goal = { against: `${LIMIT_MB} MB of resident memory`, floor: 1, unit: 'MB (limit to peak)' };
  return [compare(id, goal, [LIMIT_MB], [peakMb(running.pid)])];
}

/** How many movies the unlimited list has, read with pauses. */
async function readSlowly(port: number): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.write(get('/api/movies'));
  let [movies, sincePause] = [0, 0];
  let isWhole = false;
  const read = answerReader((status) => (isWhole = status === 200));
  const mark = '{"id":';
  let cut = '';
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    read(chunk);
    const text = cut + chunk.toString('latin1');
    movies += text.split(mark).length - 1;
    // A mark may be cut in two by the network.
    cut = text.slice(1 - mark.length);
    sincePause += chunk.length;
    if (isWhole) break;
    if (sincePause < PAUSE.everyBytes) continue;
    sincePause = 0;
    await delay(PAUSE.ms);
  }
  return movies;
}

export const stream: Comparison = {
  id,
  title: 'the unlimited list of a million movies for a slow reader',
  run,
};
