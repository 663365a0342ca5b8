import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import { brokerEnv, createVhost, readMessages } from '../../tests/support/broker.ts';
import { eventually } from '../../tests/support/eventually.ts';
import { runToEnd, startService } from '../../tests/support/service.ts';
import { ok, startRawUpstream } from '../../tests/support/upstream.ts';

const nowhere = { RABBITMQ_HOST: '127.0.0.1', RABBITMQ_PORT: '9', RABBITMQ_USER: 'u', RABBITMQ_PASSWORD: 'p' };

const order = {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'x-request-id': 'request-1' },
  body: '{"user_id":"20","number_of_items":"99","total_amount":"250"}',
};

test('a configuration that is not usable is told at once, all of it, and ends the program with 1', async () => {
  const { code, logs } = await runToEnd('api-gateway', { INVENTORY_URL: 'nonsense', PORT: '99999' });
  assert.equal(code, 1);
  for (const name of ['INVENTORY_URL', 'PORT', 'RABBITMQ_HOST', 'RABBITMQ_USER', 'RABBITMQ_PASSWORD']) {
    assert.match(logs, new RegExp(`- ${name} `));
  }
});

test('without broker and inventory-app it lives, is not ready, refuses at once, and stops with 0', async (t) => {
  const gateway = await startService(
    t,
    'api-gateway',
    { ...nowhere, INVENTORY_URL: 'http://127.0.0.1:9' },
    '/health/live',
  );
  assert.equal((await fetch(`${gateway.url}/health/ready`)).status, 503);
  const started = performance.now();
  assert.equal((await fetch(`${gateway.url}/api/billing`, order)).status, 503);
  assert.equal((await fetch(`${gateway.url}/api/movies`)).status, 502);
  assert.ok(performance.now() - started < 2500);
  assert.equal(await gateway.stop(), 0);
});

test('an order can be followed through the logs, and the metrics count it', async (t) => {
  const broker = await createVhost(t);
  const gateway = await startService(t, 'api-gateway', brokerEnv(broker));
  const response = await fetch(`${gateway.url}/api/billing`, order);
  const { tracking_id: trackingId } = (await response.json()) as { tracking_id: string };
  const [message] = await readMessages(broker, ORDER_QUEUE);
  assert.equal(message?.properties.messageId, trackingId);

  const line = await eventually(() => {
    const found = gateway
      .logs()
      .split('\n')
      .find((text) => text.includes('order accepted'));
    assert.ok(found);
    return JSON.parse(found) as Record<string, string>;
  });
  assert.equal(line['tracking_id'], trackingId);
  assert.equal(line['request_id'], 'request-1');
  assert.match(String(message.properties.headers?.['traceparent']), new RegExp(`^00-${line['trace_id']}-`));

  const metrics = await (await fetch(gateway.metricsUrl)).text();
  assert.match(metrics, /^order_publishes_total\{outcome="confirmed"\} 1$/m);
  assert.match(metrics, /^order_confirm_duration_seconds_count 1$/m);
  assert.match(metrics, /^broker_connected 1$/m);
});

test('a stop under load costs no request: what is in hand is finished, also the confirms', async (t) => {
  const broker = await createVhost(t);
  const upstream = await startRawUpstream(t, (socket) => setTimeout(() => socket.write(ok('[]')), 300));
  const gateway = await startService(t, 'api-gateway', {
    ...brokerEnv(broker),
    INVENTORY_URL: upstream.url,
    // Longer than a busy machine takes to accept what was sent before.
    DRAIN_MS: '3000',
  });
  const movies = Array.from({ length: 30 }, () => fetch(`${gateway.url}/api/movies`));
  const orders = Array.from({ length: 200 }, () => fetch(`${gateway.url}/api/billing`, order));
  await eventually(() => assert.ok(upstream.heads.length > 0));
  const stopped = gateway.stop();
  // While it drains it goes on serving those who do not know yet.
  await eventually(async () => assert.equal((await fetch(`${gateway.url}/health/ready`)).status, 503));
  const late = Array.from({ length: 30 }, () => fetch(`${gateway.url}/api/billing`, order));
  for (const response of await Promise.all([...movies, ...orders, ...late])) {
    assert.equal(response.status, 200);
    await response.arrayBuffer();
  }
  assert.equal(await stopped, 0);
  assert.equal((await readMessages(broker, ORDER_QUEUE)).length, 230);
});
