import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Bench } from '../bench.ts';
import { compare } from '../comparison.ts';
import type { Comparison, Finding } from '../comparison.ts';
import { get, httpSide } from '../http.ts';
import { startGateway, upstream } from './proxy.ts';

const id = 'crowd';
const IDLE_CLIENTS = 256;
const SLOW_CLIENTS = 1000;

/** They must still be there when the last round ends; a gateway gives up a client who takes nothing after 10 s. */
const RENEW_AFTER_MS = 5000;

async function run(bench: Bench): Promise<Finding[]> {
  const { port } = await bench.start(upstream());
  const gateway = await startGateway(bench, port);
  const side = httpSide(bench, gateway, [get('/api/movies/300')]);
  await side.round();
  const [alone, crowded]: [number[], number[]] = [[], []];
  for (let round = 1; round <= bench.rounds; round += 1) {
    alone.push(await side.round());
    const clients = await gather(gateway.port);
    const startMs = performance.now();
    crowded.push(await side.round());
    if (performance.now() - startMs > RENEW_AFTER_MS) bench.say('the slow clients may have been given up');
    for (const client of clients) client.destroy();
    bench.say(`round ${round} of ${bench.rounds}`);
  }
  const against = `without ${IDLE_CLIENTS} idle and ${SLOW_CLIENTS} slow clients`;
  return [compare(id, { against, floor: 0.8, unit: 'requests/CPU-s' }, crowded, alone)];
}

/** Idle ones have had an answer and keep their connection; slow ones ask for a megabyte and read nothing of it. */
async function gather(port: number): Promise<Socket[]> {
  const idle = Array.from({ length: IDLE_CLIENTS }, () => ask(port, '/api/movies/300'));
  const slow = Array.from({ length: SLOW_CLIENTS }, () => ask(port, '/api/movies/1000000'));
  await Promise.all(idle.map((client) => once(client, 'data')));
  await Promise.all(slow.map((client) => once(client, 'readable')));
  return [...idle, ...slow];
}

function ask(port: number, path: string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  socket.write(get(path));
  return socket;
}

export const crowd: Comparison = { id, title: 'the others, beside 256 idle and 1000 slow clients', run };
