import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { listeningInodes, requireFreePorts } from './port-holder.ts';
import { freePort } from './ports.ts';
import { parseBasePort, portPlan } from './ports.plan.ts';

test('the system takes one block of ports, the gateway the first of them', () => {
  const ports = Object.values(portPlan(30_000)).toSorted((a, b) => a - b);
  assert.deepEqual(
    ports,
    Array.from({ length: 12 }, (_, index) => 30_000 + index),
  );
  assert.equal(portPlan(30_000)['api-gateway'], 30_000);
});

test('a base port leaves room for the whole block', () => {
  assert.equal(parseBasePort('65524'), 65_524);
  for (const text of ['65525', '0', '-1', '1e3', '30000x', ''])
    assert.throws(() => parseBasePort(text), { name: 'UsageError' });
});

test('every port that is taken is reported, with who has it', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  await assert.rejects(requireFreePorts({ a: await freePort(), b: address.port, c: address.port }), {
    kind: 'port-in-use',
    message: new RegExp(
      `^Port ${address.port}, meant for b, is taken by pid ${process.pid} .*\nPort ${address.port}, meant for c`,
    ),
  });
});

test('only listening sockets on that very port count', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:7530 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 111 1',
    '   1: 0100007F:7530 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000        0 222 1',
    '   2: 0100007F:7531 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 333 1',
  ].join('\n');
  assert.deepEqual(listeningInodes(table, 0x7530), ['111']);
});
