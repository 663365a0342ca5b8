import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../failure.ts';
import { readManifests } from './manifests.ts';
import { isWorkload } from './objects.ts';
import { chooseTarget, claimLike, claimOf, holderPod, nodeOfVolume } from './move.objects.ts';
import type { Claim, Volume } from './move.objects.ts';

const node = (name: string, ready = 'True', unschedulable = false) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: { unschedulable },
  status: { conditions: [{ type: 'Ready', status: ready }] },
});

test('the target is the node that is named, or the only other one that takes pods', () => {
  const two = [node('master'), node('agent')];
  assert.equal(chooseTarget(two, 'master', undefined), 'agent');
  assert.equal(chooseTarget(two, 'master', 'agent'), 'agent');
  assert.equal(chooseTarget(two, 'master', 'master'), 'master');
  assert.throws(
    () => chooseTarget(two, 'master', 'nobody'),
    /nobody is no node that takes pods now; .*: master, agent/,
  );
  assert.throws(
    () => chooseTarget([...two, node('agent-2')], 'master', undefined),
    /which node\? One of: agent, agent-2/,
  );
  // The node that is left may be cordoned or lost; the target may not.
  assert.equal(chooseTarget([node('master', 'True', true), node('agent')], 'master', undefined), 'agent');
  assert.throws(() => chooseTarget([node('master'), node('agent', 'Unknown')], 'master', undefined), UsageError);
  assert.throws(() => chooseTarget([node('master'), node('agent', 'True', true)], 'master', 'agent'), UsageError);
});

test('a volume says which node it is tied to', () => {
  const volume = (spec: object): Volume => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'v' },
    spec: { persistentVolumeReclaimPolicy: 'Delete', ...spec },
  });
  const required = {
    nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', values: ['agent'] }] }],
  };
  assert.equal(nodeOfVolume(volume({ nodeAffinity: { required } })), 'agent');
  assert.equal(nodeOfVolume(volume({})), undefined);
});

test('the claims that are moved are those of the manifests', async () => {
  const workloads = (await readManifests()).filter(isWorkload);
  const claims = workloads.flatMap(({ metadata: { name }, spec }) => {
    const { volumeClaimTemplates = [], template } = spec as typeof spec & {
      volumeClaimTemplates?: { metadata: { name: string } }[];
    };
    const mounted = (template.spec.volumes ?? []) as { persistentVolumeClaim?: { claimName: string } }[];
    return [
      ...volumeClaimTemplates.map((claim) => [name, `${claim.metadata.name}-${name}-0`]),
      ...mounted.flatMap(({ persistentVolumeClaim: claim }) => (claim === undefined ? [] : [[name, claim.claimName]])),
    ];
  });
  assert.deepEqual(Object.fromEntries(claims), claimOf);
});

test('who holds a volume open may do no more than the store itself', async () => {
  const workloads = (await readManifests()).filter(isWorkload);
  const rabbitmq = workloads.find(({ metadata }) => metadata.name === 'rabbitmq')!;
  const { spec } = holderPod(rabbitmq, 'rabbitmq', 'copy', { nodeName: 'agent' }) as unknown as {
    spec: { nodeName: string; securityContext: object; containers: { securityContext: object; image: string }[] };
  };
  const { template } = rabbitmq.spec;
  assert.equal(spec.nodeName, 'agent');
  assert.deepEqual(spec.securityContext, template.spec.securityContext);
  assert.deepEqual(spec.containers[0]?.securityContext, template.spec.containers[0]?.['securityContext']);
  assert.equal(spec.containers[0]?.image, template.spec.containers[0]?.image);
});

test('a claim is made again on another volume with nothing that belonged to the old one', () => {
  const claim: Claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'rabbitmq', uid: 'old', resourceVersion: '1', labels: { a: 'b' }, annotations: { bound: 'yes' } },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '4Gi' } },
      storageClassName: 'local-path',
      volumeName: 'old',
    },
    status: { phase: 'Bound' },
  };
  assert.deepEqual(claimLike(claim, 'rabbitmq', 'new'), {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'rabbitmq', namespace: 'microservices', labels: { a: 'b' } },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '4Gi' } },
      storageClassName: 'local-path',
      volumeName: 'new',
    },
  });
});
