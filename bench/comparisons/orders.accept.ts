import assert from 'node:assert/strict';
import type { BrokerConfig } from '@orchestrator/kit/amqp.ts';
import type { Bench, Running } from '../bench.ts';
import { compare, takeTurns } from '../comparison.ts';
import type { Comparison, Finding, Side } from '../comparison.ts';
import { CONNECTIONS, answerOf, httpSide, post } from '../http.ts';
import { cpuSeconds } from '../measure.ts';
import { brokerSettings, brokerUrl, program, service } from '../programs.ts';
import { emptyQueue, makeQueues } from '../queue.ts';

const id = 'order-accept';
const unit = 'orders/CPU-s';
const path = '/api/billing';
const order = JSON.stringify({ user_id: '20', number_of_items: '99', total_amount: '250' });

/** Enough for a second or two of a publisher that does nothing else. */
const RAW_MESSAGES = 20_000;

async function run(bench: Bench): Promise<Finding[]> {
  const brokers = { ours: await bench.vhost(), express: await bench.vhost(), raw: await bench.vhost() };
  for (const broker of [brokers.ours, brokers.raw]) await makeQueues(broker);
  const nowhere = 'http://127.0.0.1:1';
  const gateway = await bench.start(
    await service('api-gateway', { ...brokerSettings(brokers.ours), INVENTORY_URL: nowhere, BILLING_URL: nowhere }),
  );
  const express = await bench.start(
    program('peers/gateway.express.ts', { INVENTORY_URL: nowhere, RABBITMQ_URL: brokerUrl(brokers.express) }),
  );
  const brokerless = await bench.start({ ...program('limits/gateway.brokerless.ts'), readyPath: '/health/live' });
  const raw = await bench.start(program('limits/publisher.raw.ts', brokerSettings(brokers.raw)));

  for (const side of [gateway, express, brokerless]) await accepts(side);
  assert.equal(await emptyQueue(brokers.ours), 1, 'the order of ours is in the queue');
  assert.equal(await emptyQueue(brokers.express), 1, 'the order of the peer is in the queue');

  const request = post(path, order);
  const figures = await takeTurns(bench, [
    withQueueEmptied(httpSide(bench, gateway, [request]), brokers.ours),
    withQueueEmptied(httpSide(bench, express, [request]), brokers.express),
    httpSide(bench, brokerless, [request]),
    withQueueEmptied(rawSide(raw), brokers.raw),
  ]);
  const [ours = [], peer = [], alone = [], limit = []] = figures.values();
  return [
    compare(id, { against: 'Express 5 + amqplib with confirm callbacks', floor: 1.4, unit }, ours, peer),
    compare(id, { against: 'the same handler without a broker', floor: 0.8, unit }, ours, alone),
    compare(id, { against: 'raw confirm publisher, without HTTP', floor: 0.05, unit }, ours, limit),
  ];
}

async function accepts(side: Running): Promise<void> {
  const answer = await answerOf(side, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: order,
  });
  assert.equal((answer as { message?: unknown }).message, 'Order accepted', side.name);
}

/** A round leaves its orders behind. */
function withQueueEmptied({ name, round }: Side, broker: BrokerConfig): Side {
  return {
    name,
    round: async () => {
      const figure = await round();
      await emptyQueue(broker);
      return figure;
    },
  };
}

function rawSide(raw: Running): Side {
  return {
    name: raw.name,
    round: async () => {
      const before = cpuSeconds(raw.pid);
      await publishOrders(raw, RAW_MESSAGES, CONNECTIONS);
      return RAW_MESSAGES / (cpuSeconds(raw.pid) - before);
    },
  };
}

/** Has the raw publisher put so many orders into the queue of its virtual host, and waits until they are confirmed. */
export async function publishOrders(publisher: Running, messages: number, inFlight = 1000): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${publisher.port}/publish?messages=${messages}&inFlight=${inFlight}`);
  assert.ok(answer.ok, `the publisher answers ${answer.status}`);
}

export const orderAccept: Comparison = {
  id,
  title: 'POST /api/billing, answered when the broker has confirmed (quorum queue)',
  short: true,
  run,
};
