import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ago,
  autoscaler,
  claim,
  crashed,
  event,
  lostNode,
  node,
  now,
  pod,
  snapshot,
  volume,
} from '../diagnosis/diagnose.fixtures.ts';
import { gatewayFindings, machineFindings, queueFindings } from './findings.ts';
import { autoscalerLines, eventLines, nodeLines, podLines, volumeLines } from './lines.ts';
import { statusTable } from './table.ts';
import type { ClusterStatus } from './status.ts';

const screen = { paint: (_style: unknown, text: string): string => text };
const empty: ClusterStatus = {
  provider: 'vagrant',
  reachable: true,
  healthy: true,
  machines: [],
  nodes: [],
  pods: [],
  autoscalers: [],
  volumes: [],
  gateway: [],
  demonstrationSecrets: [],
  events: [],
  findings: [],
};

test('the table shows machines, nodes, pods, autoscalers, volumes, queues, the gateway, warnings and findings', () => {
  const seen = {
    ...snapshot({
      nodes: [node('agent', { cordoned: true })],
      autoscalers: [autoscaler('api-gateway')],
      claims: [claim('data-billing-database-0')],
      volumes: [volume('data-billing-database-0', 'agent')],
      events: [{ ...event('Pod/rabbitmq-1', 'BackOff', 'Back-off restarting\nmore'), count: 3 }],
    }),
    pods: [pod('billing-app', { node: 'agent' }), pod('rabbitmq', { name: 'rabbitmq-1', status: crashed(1) })],
  };
  const status: ClusterStatus = {
    ...empty,
    machines: [{ name: 'agent', role: 'agent', state: 'running', address: '192.168.56.11' }],
    nodes: nodeLines(seen, now),
    pods: podLines(seen, now),
    autoscalers: autoscalerLines(seen),
    volumes: volumeLines(seen),
    queues: [{ name: 'billing_queue', messages: 2, consumers: 1 }],
    gateway: [{ node: 'agent', address: 'http://192.168.56.11:30000', answers: true, detail: '200' }],
    events: eventLines(seen, now),
    findings: [{ level: 'error', subject: 'rabbitmq', message: 'its program ended', cure: 'one\ntwo' }],
  };
  assert.equal(
    statusTable(status, screen, now).join('\n'),
    `MACHINE  ROLE   STATE    ADDRESS
agent    agent  running  192.168.56.11

NODE   STATE            VERSION       ADDRESS        AGE
agent  Ready, cordoned  v1.36.2+k3s1  192.168.56.11  60 min

POD            READY  STATE             RESTARTS  AGE     NODE
billing-app-0  yes    Running           0         60 min  agent
rabbitmq-1     no     CrashLoopBackOff  4         60 min  master

AUTOSCALER   REPLICAS  MIN  MAX  CPU  TARGET
api-gateway  3         1    3    8 %  60 %

VOLUME                   STATE  SIZE  NODE
data-billing-database-0  Bound  2Gi   agent

QUEUE          MESSAGES  CONSUMERS
billing_queue  2         1

GATEWAY                     NODE
http://192.168.56.11:30000  agent  answers

LAST WARNINGS
20 s ago       pod/rabbitmq-1  BackOff  Back-off restarting (3 times)

error: rabbitmq: its program ended
    one
    two`,
  );
});

test('an autoscaler without metrics is shown as such', () => {
  const blind = { ...autoscaler('api-gateway'), status: { currentReplicas: 1, currentMetrics: null } };
  assert.equal(autoscalerLines(snapshot({ autoscalers: [blind] })).at(0)?.cpuPercent, null);
});

test('warnings of long ago are not shown', () => {
  const old = { ...event('Pod/x', 'BackOff', 'x'), lastTimestamp: ago(3000) };
  assert.deepEqual(eventLines(snapshot({ events: [old] }), now), []);
});

test('a machine that does not run is told, unless its lost node tells it', () => {
  const stopped = { name: 'agent', role: 'agent', state: 'stopped' } as const;
  assert.deepEqual(machineFindings([stopped], undefined), [
    {
      level: 'error',
      subject: 'machine agent',
      message: 'the machine agent is stopped',
      cure: './orchestrator.sh start',
    },
  ]);
  assert.deepEqual(machineFindings([stopped], snapshot({ nodes: [lostNode('agent'), node('master')] })), []);
  assert.equal(machineFindings([{ ...stopped, state: 'absent' }], undefined).at(0)?.cure, './orchestrator.sh create');
});

test('a queue that nobody empties is an error, dead letters are a warning', () => {
  const queue = (name: string, messages: number, consumers: number) => ({ name, messages, consumers });
  const levels = (...queues: ReturnType<typeof queue>[]) => queueFindings(queues, snapshot()).map(({ level }) => level);
  assert.deepEqual(levels(queue('billing_queue', 5, 1), queue('billing_queue.dead', 0, 0)), []);
  assert.deepEqual(levels(queue('billing_queue', 5, 0), queue('billing_queue.dead', 2, 0)), ['error', 'warning']);
  // Stopped on purpose: that is told already.
  const stopped = { ...snapshot(), pods: [] };
  assert.deepEqual(queueFindings([queue('billing_queue', 5, 0)], stopped), []);
});

test('a gateway that does not answer from here is an error only where it should', () => {
  const answer = (answers: boolean) => ({
    node: 'agent',
    address: 'http://10.0.0.1:30000',
    answers,
    detail: 'ECONNREFUSED',
  });
  assert.deepEqual(gatewayFindings([answer(true)], true), []);
  assert.equal(gatewayFindings([answer(false)], true).at(0)?.level, 'error');
  assert.equal(gatewayFindings([answer(false), answer(true)], false).at(0)?.level, 'error');
  // The nodes of somebody's cluster may be out of this machine's reach.
  assert.equal(gatewayFindings([answer(false)], false).at(0)?.level, 'warning');
});
