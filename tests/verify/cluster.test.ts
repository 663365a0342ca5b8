import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '@orchestrator/orchestrator/cluster/kubectl.ts';
import type { Outcome, Walk } from '@orchestrator/orchestrator/verify/check.ts';
import { clusterChecks } from '@orchestrator/orchestrator/verify/cluster/checks.ts';
import { decideOpen, decideShut } from '@orchestrator/orchestrator/verify/cluster/network.checks.ts';
import { decideMetrics } from '@orchestrator/orchestrator/verify/cluster/scaling.ts';
import { decideServices } from '@orchestrator/orchestrator/verify/cluster/services.ts';
import { decideReady } from '@orchestrator/orchestrator/verify/cluster/workloads.ts';
import { decideOwn } from '@orchestrator/orchestrator/verify/cluster/secrets.ts';
import { partsOf } from '@orchestrator/orchestrator/verify/cluster/objects.ts';
import { probePod } from '@orchestrator/orchestrator/verify/cluster/probes.ts';
import { decideRestricted } from '@orchestrator/orchestrator/verify/cluster/security.ts';
import { destinationsFrom, probesFor } from '@orchestrator/orchestrator/verify/cluster/survey.plan.ts';
import { imageFaults } from '@orchestrator/orchestrator/verify/cluster/secrets.places.ts';
import { readManifests } from '@orchestrator/orchestrator/cluster/manifests.ts';
import { isSecret } from '@orchestrator/orchestrator/cluster/objects.ts';
import { guardsBreaks } from './cluster.breaks.guards.ts';
import { partsBreaks } from './cluster.breaks.parts.ts';
import { clusterOf, find, runningObjects, set } from './cluster.objects.ts';

const clusterBreaks = [...partsBreaks, ...guardsBreaks];

/** Those that look at nothing but what `kubectl get` tells; the others are looked at in tests/cluster/verify.test.ts. */
const byObjects = new Set(clusterBreaks.flatMap(([ids]) => ids));
const checks = clusterChecks.filter(({ id }) => byObjects.has(id));

const walk: Walk = {
  tag: 'verify-00000000',
  signal: new AbortController().signal,
  say: () => undefined,
  placed: new Set(),
};

const healthy = await runningObjects();

async function lookAt(objects: readonly KubernetesObject[]): Promise<Map<string, Outcome>> {
  const system = clusterOf(objects, 'vagrant');
  const outcomes = await Promise.all(checks.map(async (check) => [check.id, await check.run(system, walk)] as const));
  return new Map(outcomes);
}

const failed = (outcomes: Map<string, Outcome>): string[] =>
  [...outcomes].filter(([, { result }]) => result === 'fail').map(([id]) => id);

test('on what the manifests make, every promise is kept', async () => {
  assert.equal(checks.length, byObjects.size);
  const outcomes = [...(await lookAt(healthy))].filter(([, { result }]) => result !== 'pass');
  assert.deepEqual(outcomes, []);
});

for (const [ids, title, names, spoil] of clusterBreaks) {
  test(`${title}: ${ids.join(', ')}`, async () => {
    const objects = structuredClone(healthy);
    spoil(objects);
    const outcomes = await lookAt(objects);
    assert.deepEqual(failed(outcomes), ids, JSON.stringify([...outcomes], undefined, 2));
    const outcome = outcomes.get(ids[0] ?? '');
    assert.ok(outcome?.result === 'fail');
    assert.match(outcome.evidence, names);
    assert.match(outcome.cure, /\w/);
  });
}

test('no evidence and no cure shows the value of a Secret', async () => {
  const passwords = healthy.filter(isSecret).flatMap(({ data }) =>
    Object.entries(data ?? {}).flatMap(([key, value]) => {
      return key.endsWith('password') ? [Buffer.from(value, 'base64').toString()] : [];
    }),
  );
  assert.ok(passwords.length >= 6);
  for (const [, , , spoil] of clusterBreaks) {
    const objects = structuredClone(healthy);
    spoil(objects);
    const shown = JSON.stringify([...(await lookAt(objects)).values()]);
    for (const password of passwords) assert.ok(!shown.includes(password), shown);
  }
});

test('an autoscaler that sees no load is told with its reason', () => {
  const seen = { type: 'ScalingActive', status: 'True' };
  const currentMetrics = [{ resource: { name: 'cpu', current: { averageUtilization: 12 } } }];
  const objects = structuredClone(healthy);
  for (const name of ['api-gateway', 'inventory-app'])
    set(`HorizontalPodAutoscaler/${name}`, 'status', { conditions: [seen], currentMetrics })(objects);
  assert.equal(decideMetrics(objects).result, 'pass');
  const blind = { type: 'ScalingActive', status: 'False', message: 'no metrics returned' };
  set('HorizontalPodAutoscaler/api-gateway', 'status.conditions', [blind])(objects);
  const outcome = decideMetrics(objects);
  assert.ok(outcome.result === 'fail');
  assert.match(outcome.evidence, /api-gateway sees no load: no metrics returned/);
});

/** What may heal is waited for; decided at once it is red as well. */
for (const [title, decide, names, spoil] of [
  [
    'a pod is not ready',
    decideReady,
    /0 of 1 pods are ready/,
    set('Deployment/rabbitmq', 'status.availableReplicas', 0),
  ],
  [
    'two servers for one database',
    decideReady,
    /billing-database has 2 replicas, 1 is the most/,
    set('StatefulSet/billing-database', 'spec.replicas', 2),
  ],
  [
    'nobody ready is behind a Service',
    decideServices,
    /billing-app has no ready pod/,
    set('EndpointSlice/billing-app', 'endpoints.0.conditions.ready', false),
  ],
] as const) {
  test(`${title} is named`, () => {
    const objects = structuredClone(healthy);
    spoil(objects);
    const outcome = decide(objects);
    assert.ok(outcome.result === 'fail');
    assert.match(outcome.evidence, names);
  });
}

test('demonstration passwords that were applied by hand are no fault, and are told', async () => {
  const published = (await readManifests()).filter(isSecret);
  const outcome = decideOwn(published, published);
  assert.ok(outcome.result === 'not applicable');
  assert.match(outcome.reason, /applied by hand/);
});

const tried = (from: string, to: string, isAllowed: boolean, attempt: string) => ({ from, to, isAllowed, attempt });

test('a connection that must be open and is not is named', () => {
  const made = [tried('api-gateway', 'rabbitmq:5672', true, 'open')];
  assert.equal(decideOpen({ enforces: true, tried: made }).result, 'pass');
  const outcome = decideOpen({ enforces: true, tried: [tried('api-gateway', 'rabbitmq:5672', true, 'no answer')] });
  assert.ok(outcome.result === 'fail');
  assert.match(outcome.evidence, /api-gateway → rabbitmq:5672 must be open: no answer/);
});

test('a connection that must be shut is red where policies are enforced, and where not it says so plainly', () => {
  const shut = tried('a stranger', 'rabbitmq:5672', false, 'no answer');
  const open = tried('a stranger', 'billing-database:5432', false, 'open');
  assert.equal(decideShut({ enforces: true, tried: [shut] }).result, 'pass');
  const outcome = decideShut({ enforces: true, tried: [shut, open] });
  assert.ok(outcome.result === 'fail');
  assert.match(outcome.evidence, /1 of 2 forbidden connections were made: a stranger → billing-database:5432/);
  const unenforced = decideShut({ enforces: false, tried: [open, open] });
  assert.ok(unenforced.result === 'not applicable');
  assert.match(unenforced.reason, /network does not enforce NetworkPolicy: all 2 forbidden connections were made/);
});

test('probe pods try every pair: each part, a stranger and a pod of another namespace, at every port', () => {
  const parts = partsOf(healthy);
  const ports = parts.flatMap(({ metadata: { name }, spec }) =>
    (spec.template.spec.containers[0]?.ports ?? []).map(({ containerPort: port }) => ({
      name,
      host: '10.42.0.1',
      port,
    })),
  );
  const others = ['a new pod', 'a pod of another namespace', 'the API server'].map((name) => ({
    name,
    host: '10.43.0.1',
    port: 443,
  }));
  const { members, stranger, outsider } = probesFor(parts, walk.tag);
  const pairs = [...members, stranger, outsider].flatMap((probe) =>
    destinationsFrom(probe, [...ports, ...others]).map((each) => ({ ...each, from: probe.title })),
  );
  const allowed = pairs.filter(({ isAllowed }) => isAllowed);
  assert.equal(pairs.length - allowed.length, 78);
  const drawn = allowed.map(({ from, title }) => `${from} → ${title}`);
  for (const arrow of ['api-gateway → rabbitmq:5672', 'a new pod → api-gateway:3000', 'rabbitmq → the DNS'])
    assert.ok(drawn.includes(arrow), arrow);
  assert.ok(
    !drawn.some((arrow) => /9464|15672|→ (the API server|a new pod|a pod of another)/.test(arrow)),
    drawn.join(),
  );
});

test('a probe pod keeps to Pod Security, and no controller takes it for its own', () => {
  const parts = partsOf(healthy);
  const { members } = probesFor(parts, walk.tag);
  for (const probe of members) {
    const made = probePod(probe, walk.tag, 'yourusername/api-gateway:0.1.0') as unknown as Parameters<
      typeof decideRestricted
    >[0][0];
    assert.equal(decideRestricted([{ ...made, status: {} } as never]).result, 'pass');
    // A StatefulSet adopts what is called after it, with a number; a ReplicaSet what has the hash of its template.
    assert.doesNotMatch(probe.name, /-\d+$/);
    assert.equal(probe.labels['pod-template-hash'], undefined);
  }
});

test('a credential in an image is named by its place', () => {
  const pod = find(healthy, 'Pod/billing-app-0') as unknown as Parameters<typeof imageFaults>[0];
  const credential = { value: 'hunter2hunter2', title: 'Secret rabbitmq, key password' };
  const variables = ['PATH', 'RABBITMQ_USER', 'YARN_VERSION'].map((name) => ({ name, values: [] }));
  assert.deepEqual(imageFaults(pod, { files: 100, found: [], variables }, [credential]), []);
  const dirty = {
    files: 100,
    found: [{ path: '/app/.env', value: 0 }],
    variables: [
      { name: 'BROKER', values: [0] },
      { name: 'BROKER_PASSWORD', values: [] },
    ],
  };
  assert.deepEqual(
    imageFaults(pod, dirty, [credential]).map(({ what }) => what),
    [
      'the image yourusername/billing-app:0.1.0 has the value of Secret rabbitmq, key password in /app/.env',
      'the image yourusername/billing-app:0.1.0 sets the variable BROKER to the value of Secret rabbitmq, key password',
      'the image yourusername/billing-app:0.1.0 sets the variable BROKER_PASSWORD to a value that looks like a credential',
    ],
  );
});
