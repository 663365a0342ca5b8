import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { eventually } from '../../tests/support/eventually.ts';
import { listen } from './http.listen.ts';
import { createHttpServer } from './http.server.ts';
import { createLogger } from './log.ts';

const log = createLogger('test', 'error');

/** A server whose stop the test plays, as the lifecycle would. */
async function serve(routes: (app: FastifyInstance) => void, drainMs: number) {
  const stop = new AbortController();
  const undos: Array<() => unknown> = [];
  const app = createHttpServer({ log, bodyLimitBytes: 1024 });
  routes(app);
  const lifecycle = {
    onStop: (_what: string, undo: () => unknown) => void undos.push(undo),
    stopping: stop.signal,
    fail: (error: unknown) => assert.fail(String(error)),
  };
  await listen(app, { host: '127.0.0.1', port: 0, drainMs, lifecycle });
  const { port } = app.server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    stop: async () => {
      stop.abort();
      for (const undo of undos) await undo();
    },
  };
}

test('a stopping server goes on answering, asks its clients to leave, and finishes what is in hand', async () => {
  const held = Promise.withResolvers<string>();
  const server = await serve((app) => {
    app.get('/quick', async () => 'quick');
    app.get('/held', () => held.promise);
  }, 500);
  const slow = fetch(`${server.url}/held`);
  const stopped = server.stop();
  const quick = await fetch(`${server.url}/quick`);
  assert.equal(quick.status, 200);
  assert.equal(quick.headers.get('connection'), 'close');
  // The port is closed after the drain; the request in hand is not.
  await eventually(() => assert.rejects(fetch(`${server.url}/quick`)));
  held.resolve('held');
  assert.equal(await (await slow).text(), 'held');
  await stopped;
});

test('a reader who takes an endless answer is broken off, not waited for', { timeout: 30_000 }, async () => {
  async function* endless(): AsyncGenerator<string> {
    for (;;) {
      yield 'x'.repeat(1000);
      await delay(20);
    }
  }
  const server = await serve((app) => {
    app.get('/endless', async () => Readable.from(endless()));
  }, 0);
  const socket = connect({ port: server.port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  socket.write('GET /endless HTTP/1.1\r\nHost: a\r\n\r\n');
  const answer = text(socket).catch(() => 'reset');
  await eventually(() => assert.ok(socket.bytesRead > 1000));
  await server.stop();
  assert.doesNotMatch(await answer, /\r\n0\r\n\r\n$/, 'a broken answer must not look like a whole one');
});
