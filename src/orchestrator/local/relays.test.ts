import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { done, notYet, until } from '../wait.ts';
import { portPlan } from './ports.plan.ts';
import { createRelays } from './relays.ts';

const link = { from: 'billing-app', to: 'rabbitmq' } as const;

test('a cut line carries nothing and says nothing; what waited goes on afterwards', async (t) => {
  const echo = createServer((socket) => socket.pipe(socket));
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const ports = { ...portPlan(30_000), rabbitmq: (echo.address() as AddressInfo).port };
  const relays = createRelays(ports);
  assert.equal(relays.portTo('billing-app', 'rabbitmq'), ports.rabbitmq);
  assert.throws(() => relays.cut(link, 1), { kind: 'not-running' });
  await relays.open();
  const port = relays.portTo('billing-app', 'rabbitmq');
  assert.notEqual(port, ports.rabbitmq);
  assert.notEqual(relays.portTo('api-gateway', 'rabbitmq'), port, 'each arrow has its own');

  const client = connect(port, '127.0.0.1');
  t.after(() => {
    client.destroy();
    echo.close();
  });
  let heard = '';
  client.on('data', (chunk) => (heard += chunk.toString()));
  const hears = (text: string): Promise<void> =>
    until('the echo', 10_000, () => (heard === text ? done(undefined) : notYet(heard)), { everyMs: 5 });
  client.write('one ');
  await hears('one ');

  const cutMs = 400;
  const cutAt = performance.now();
  relays.cut(link, cutMs);
  client.write('two ');
  const late = connect(port, '127.0.0.1');
  t.after(() => late.destroy());
  late.end('late');
  const lateClosed = once(late, 'close');
  let lateHeard = '';
  late.on('data', (chunk) => (lateHeard += chunk.toString()));
  await hears('one two ');
  assert.ok(performance.now() - cutAt >= cutMs - 5, 'nothing went through before the line was whole');
  await lateClosed;
  assert.equal(lateHeard, 'late', 'a connection of that time works as well, and its end is handed on');

  const closed = once(client, 'close');
  relays.retire()();
  await closed;
  assert.equal(relays.portTo('billing-app', 'rabbitmq'), ports.rabbitmq);
});
