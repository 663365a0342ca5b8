import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, theCause } from './diagnose.cases.ts';
import { ago, claim, event, lostNode, node, pod, unschedulable, volume } from './diagnose.fixtures.ts';
import type { Snapshot } from './snapshot.ts';

const database = (name: string, words: string) =>
  pod(name, { claim: `data-${name}-0`, condition: unschedulable(words) });
const storage = (name: string, nodeName: string) => ({
  claims: [claim(`data-${name}-0`)],
  volumes: [volume(`data-${name}-0`, nodeName)],
});

test('a lost node is one finding, with the pods on it and those that wait for their volume', () => {
  const cause = theCause({
    nodes: [lostNode('agent'), node('master')],
    pods: [
      pod('api-gateway', { node: 'agent', status: { ready: false }, deletionTimestamp: ago(200) }),
      pod('api-gateway', { name: 'api-gateway-new' }),
      database(
        'billing-database',
        "1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }, 1 node(s) didn't match PersistentVolume's node affinity",
      ),
      pod('billing-app', { status: { ready: false } }),
    ],
    ...storage('billing-database', 'agent'),
  });
  assert.equal(
    cause.message,
    'the node agent is not Ready for 3 min; with it api-gateway-6bb9d67b86-kbvx6, billing-database-0; billing-app waits for it',
  );
  assert.equal(cause.evidence, 'Kubelet stopped posting node status.');
  assert.match(cause.cure, /^\.\/orchestrator\.sh start /);
  assert.match(cause.cure, /kubectl delete node agent {3}# only when the machine is gone for good/);
});

test('a database whose node is cordoned can be uncordoned or moved', () => {
  const cause = theCause({
    nodes: [node('agent', { cordoned: true }), node('master')],
    pods: [database('billing-database', '1 node(s) had volume node affinity conflict, 1 node(s) were unschedulable')],
    ...storage('billing-database', 'agent'),
  });
  assert.equal(cause.message, 'the node agent is cordoned and takes no new pods; with it billing-database-0');
  assert.deepEqual(cause.cure.split('\n'), [
    'kubectl uncordon agent',
    './orchestrator.sh move billing-database master   # with its data',
  ]);
});

test('a cordoned node that nobody waits for is a warning', () => {
  assert.deepEqual(found({ nodes: [node('agent', { cordoned: true }), node('master')] }), [
    'warning node agent: the node agent is cordoned and takes no new pods',
  ]);
});

test('a database whose node is full can be moved', () => {
  const cause = theCause({
    pods: [
      database('billing-database', "1 Insufficient memory, 1 node(s) didn't match PersistentVolume's node affinity"),
    ],
    ...storage('billing-database', 'agent'),
  });
  assert.equal(cause.message, 'its volume lies on the node agent, which does not take it now');
  assert.match(cause.cure, /orchestrator\.sh move billing-database master/);
});

test('a database whose node is gone for good says so', () => {
  assert.deepEqual(
    found({
      pods: [database('billing-database', "2 node(s) didn't match PersistentVolume's node affinity")],
      ...storage('billing-database', 'old'),
    }),
    ['error billing-database: its volume lies on the node old, which is no longer part of the cluster'],
  );
});

test('a node in distress is an error', () => {
  const also = [{ type: 'DiskPressure', status: 'True' as const, message: 'kubelet has disk pressure' }];
  assert.deepEqual(found({ nodes: [node('agent', { also }), node('master')] }), [
    'error node agent: the node agent has hardly any disk left, and puts pods out',
  ]);
});

const unbound = (words: string, type: 'Normal' | 'Warning', change = {}): Partial<Snapshot> => ({
  claims: [claim('rabbitmq', { phase: 'Pending', ...change })],
  pods: [
    pod('rabbitmq', {
      claim: 'rabbitmq',
      condition: unschedulable('pod has unbound immediate PersistentVolumeClaims'),
    }),
  ],
  events: [event('PersistentVolumeClaim/rabbitmq', 'ProvisioningFailed', words, type)],
});

test('an unbound claim is told once, with its cause, and not again for its pod', () => {
  const causes: [Partial<Snapshot>, string][] = [
    [
      unbound('no persistent volumes available for this claim and no storage class is set', 'Normal'),
      'the cluster has no default StorageClass that would make a volume',
    ],
    [
      unbound('storageclass.storage.k8s.io "fast" not found', 'Warning', { storageClassName: 'fast' }),
      'there is no StorageClass fast, which it asks for',
    ],
    [unbound('failed to provision volume: no space', 'Warning'), 'its volume could not be made'],
    [{ claims: [claim('rabbitmq', { phase: 'Lost' })] }, 'its PersistentVolume is gone, and the data with it'],
  ];
  for (const [change, message] of causes) assert.deepEqual(found(change), [`error volume rabbitmq: ${message}`]);
});

test('a claim that waits for its pod is no finding of its own', () => {
  const change = unbound('waiting for first consumer to be created before binding', 'Normal');
  const pods = [pod('rabbitmq', { claim: 'rabbitmq', condition: unschedulable('2 Insufficient memory') })];
  assert.deepEqual(found({ ...change, pods }), ['error rabbitmq: no node has enough memory left for it']);
});
