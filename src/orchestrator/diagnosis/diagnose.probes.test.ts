import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, theCause } from './diagnose.cases.ts';
import { crashed, pod, unschedulable } from './diagnose.fixtures.ts';

test('one pod of two that is not ready is a warning', () => {
  const change = {
    pods: [pod('api-gateway'), pod('api-gateway', { name: 'api-gateway-2', status: { ready: false } })],
  };
  assert.equal(theCause(change).level, 'warning');
});

test('services that wait for what is broken are told with it', () => {
  const change = {
    pods: [
      pod('inventory-database', { status: crashed(1) }),
      pod('rabbitmq', { condition: unschedulable('2 Insufficient cpu') }),
      pod('inventory-app', { status: { ready: false } }),
      pod('api-gateway', { status: { ready: false } }),
    ],
  };
  assert.deepEqual(found(change), [
    'error rabbitmq: no node has enough cpu left for it; api-gateway waits for it',
    'error inventory-database: its program ended (exit code 1) and was started again (4 times so far); inventory-app waits for it',
  ]);
});
