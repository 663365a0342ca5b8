import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../tests/support/eventually.ts';
import { startGateway } from '../../tests/support/gateway.ts';
import { ok, startRawUpstream } from '../../tests/support/upstream.ts';
import type { OrderQueue } from './orders.ts';

const queueThatIs = (isOpen: () => boolean): OrderQueue => ({ isOpen, publish: async () => 'refused' });

test('ready while either half works, live always', async (t) => {
  let isOpen = true;
  let inventory = 200;
  const upstream = await startRawUpstream(t, (socket) =>
    socket.end(inventory === 0 ? '' : `HTTP/1.1 ${inventory} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`),
  );
  const { url } = await startGateway(t, { inventoryUrl: upstream.url, queue: queueThatIs(() => isOpen) });
  const becomes = (status: number): Promise<void> =>
    eventually(async () => assert.equal((await fetch(`${url}/health/ready`)).status, status), 10_000);

  await becomes(200);
  assert.equal(upstream.heads.length, 0, 'one half is enough to know');
  isOpen = false;
  await becomes(200);
  inventory = 503;
  await becomes(503);
  inventory = 200;
  await becomes(200);
  inventory = 0;
  await becomes(503);
  isOpen = true;
  await becomes(200);
  isOpen = false;
  assert.equal((await fetch(`${url}/health/live`)).status, 200);
});

test('a gateway that has just started waits for its broker before it joins the others', async (t) => {
  const upstream = await startRawUpstream(t, (socket) => socket.write(ok('{}')));
  let isOpen = false;
  const { url } = await startGateway(t, { inventoryUrl: upstream.url, queue: queueThatIs(() => isOpen) });
  assert.equal((await fetch(`${url}/health/ready`)).status, 503);
  isOpen = true;
  assert.equal((await fetch(`${url}/health/ready`)).status, 200);
});

test('an inventory-app that never answers makes the gateway not ready within a second', async (t) => {
  const upstream = await startRawUpstream(t, () => undefined);
  const { url } = await startGateway(t, { inventoryUrl: upstream.url });
  await eventually(async () => {
    assert.equal((await fetch(`${url}/health/ready`)).status, 503);
    assert.notEqual(upstream.heads.length, 0, 'the broker is still waited for');
  });
  const started = performance.now();
  assert.equal((await fetch(`${url}/health/ready`)).status, 503);
  assert.ok(performance.now() - started < 2500);
  await eventually(() => assert.equal(upstream.connections.size, 0), 2000);
});

test('while it stops, streamed answers tell the client to connect elsewhere', async (t) => {
  const stopping = new AbortController();
  const upstream = await startRawUpstream(t, (socket) => socket.write(ok('[]')));
  const { url } = await startGateway(t, { inventoryUrl: upstream.url, stopping: stopping.signal });
  assert.equal((await fetch(`${url}/api/movies`)).headers.get('connection'), 'keep-alive');
  stopping.abort();
  const response = await fetch(`${url}/api/movies`);
  assert.deepEqual([response.status, response.headers.get('connection')], [200, 'close']);
  assert.equal((await fetch(`${url}/health/ready`)).status, 503);
});
