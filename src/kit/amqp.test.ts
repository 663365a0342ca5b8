import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { closeConnections, createVhost } from '../../tests/support/broker.ts';
import { eventually } from '../../tests/support/eventually.ts';
import { keepConnected } from './amqp.ts';
import type { BrokerConfig } from './amqp.ts';
import { createLogger } from './log.ts';

const log = createLogger('test', 'error');

function watch(config: BrokerConfig, onSetup: (round: number, lost: (cause: Error) => void) => Promise<void> | void) {
  const seen = { setups: 0, losses: 0 };
  const connection = keepConnected({
    config,
    name: 'test',
    log,
    setup: async (_connection, lost) => {
      seen.setups += 1;
      await onSetup(seen.setups, lost);
    },
    onLost: () => {
      seen.losses += 1;
    },
  });
  return { seen, connection };
}

test('a connection that the broker ends is set up again, each loss told once', async (t) => {
  const broker = await createVhost(t);
  const { seen, connection } = watch(broker, () => undefined);
  t.after(connection.close);
  for (const round of [1, 2, 3]) {
    await eventually(() => assert.equal(seen.setups, round));
    await eventually(async () => {
      await closeConnections(broker);
      assert.equal(seen.losses, round);
    });
  }
});

test('a setup that gives up its connection gets a new one', async (t) => {
  const { seen, connection } = watch(await createVhost(t), (round, lost) => {
    if (round < 3) setImmediate(lost, new Error('the channel closed'));
  });
  t.after(connection.close);
  await eventually(() => assert.deepEqual(seen, { setups: 3, losses: 2 }));
});

test('a setup that fails is repeated, slower each time', async (t) => {
  const { seen, connection } = watch(await createVhost(t), (round) => {
    if (round < 4) throw new Error('the queue has other arguments');
  });
  t.after(connection.close);
  await eventually(() => assert.deepEqual(seen, { setups: 4, losses: 3 }));
});

test('a broker that is not there is waited for, without a hot loop, until the program stops', async (t) => {
  let attempts = 0;
  const server = createServer((socket) => {
    attempts += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { connection } = watch({ host: '127.0.0.1', port, user: 'u', password: 'p', vhost: '/' }, () => undefined);
  // Each wait is at least 50 ms and doubles: the tenth attempt comes after 4 s and more.
  await eventually(() => assert.ok(attempts >= 4));
  assert.ok(attempts < 10);
  await connection.close();
});

test('nothing is set up any more after the close', async (t) => {
  const broker = await createVhost(t);
  const { seen, connection } = watch(broker, () => undefined);
  await eventually(() => assert.equal(seen.setups, 1));
  await connection.close();
  await eventually(() => assert.equal(seen.losses, 1));
  assert.equal(seen.setups, 1);
});
