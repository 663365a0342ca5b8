import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rolloutState } from './rollout.ts';
import type { RunningWorkload } from './rollout.ts';
import { inStopOrder } from './scale.ts';
import { stuckPods } from './stuck-pods.ts';

function running(
  kind: 'Deployment' | 'StatefulSet',
  status: RunningWorkload['status'],
  replicas: number | undefined = 1,
): RunningWorkload {
  const template = { metadata: { labels: {} }, spec: { containers: [] } };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'billing-app', generation: 2 },
    spec: { replicas, template },
    status: { observedGeneration: 2, ...status },
  };
}

test('a Deployment has rolled out when all its pods are new and available, and no old one is left', () => {
  const state = (status: RunningWorkload['status'], replicas?: number) =>
    rolloutState(running('Deployment', status, replicas));
  assert.equal(
    state({ observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 }),
    'not looked at yet',
  );
  assert.equal(state({ replicas: 1, availableReplicas: 1 }), '0 of 1 pods are of the new version');
  assert.equal(
    state({ replicas: 2, updatedReplicas: 1, availableReplicas: 2 }),
    '1 pods of the old version are still there',
  );
  assert.equal(state({ replicas: 1, updatedReplicas: 1 }), '0 of 1 pods are ready');
  assert.equal(state({ replicas: 3, updatedReplicas: 3, availableReplicas: 2 }, 3), '2 of 3 pods are ready');
  assert.equal(state({ replicas: 1, updatedReplicas: 1, availableReplicas: 1 }), undefined);
  assert.equal(state({}, 0), undefined);
});

test('a StatefulSet counts new pods by its revision', () => {
  const state = (status: RunningWorkload['status']) => rolloutState(running('StatefulSet', status));
  const [old, next] = [
    { currentRevision: 'a', updateRevision: 'b' },
    { currentRevision: 'b', updateRevision: 'b' },
  ];
  assert.equal(state({ ...old, replicas: 1, availableReplicas: 1 }), '0 of 1 pods are of the new version');
  assert.equal(state({ ...old, replicas: 1, updatedReplicas: 1 }), '0 of 1 pods are ready');
  assert.equal(state({ ...next, replicas: 1, availableReplicas: 1 }), undefined);
  assert.equal(state({ ...next }), '0 of 1 pods are of the new version');
});

test('a pod of the old version that never became ready keeps a StatefulSet from going on; others do not', () => {
  const set = running('StatefulSet', { updateRevision: 'new' });
  const pod = (revision: string, ready: string, more: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `billing-app-${revision}-${ready}`,
      labels: { 'app.kubernetes.io/name': 'billing-app', 'controller-revision-hash': revision },
      ...more,
    },
    status: { conditions: [{ type: 'Ready', status: ready }] },
  });
  const pods = [
    pod('old', 'False'),
    pod('old', 'True'),
    pod('new', 'False'),
    pod('old', 'Leaving', { deletionTimestamp: 'x' }),
  ];
  assert.deepEqual(stuckPods([set], pods), ['billing-app-old-False']);
  assert.deepEqual(stuckPods([], pods), []);
});

test('the gateway stops first and the stores last; a stranger stops with the first', () => {
  const names = ['rabbitmq', 'billing-app', 'stranger', 'api-gateway', 'inventory-app', 'billing-database'];
  const objects = names.map((name) => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name } }));
  assert.deepEqual(
    inStopOrder(objects).map((group) => group.map(({ metadata }) => metadata.name)),
    [['stranger', 'api-gateway'], ['billing-app', 'inventory-app'], ['rabbitmq'], ['billing-database']],
  );
});
