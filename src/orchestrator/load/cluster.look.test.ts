import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Autoscaler, Workload } from '../diagnosis/objects.ts';
import { CommandError } from '../exec.ts';
import { Failure } from '../failure.ts';
import type { Kubectl } from '../cluster/kubectl.ts';
import { lookAtCluster, podCounts, quantity, usageOf } from './cluster.look.ts';
import type { PodMetrics } from './cluster.look.ts';

/** What kubectl answered on a cluster of two nodes under load, without the fields that nobody reads here. */
const answers = JSON.parse(readFileSync(new URL('cluster.look.answers.json', import.meta.url), 'utf8')) as {
  scaled: (Autoscaler | Workload)[];
  metrics: PodMetrics[];
};

test('autoscalers are read with the pods that they have', () => {
  const common = { min: 1, targetPercent: 60 };
  assert.deepEqual(podCounts(answers.scaled), [
    { name: 'api-gateway', ready: 3, wanted: 3, cpuPercent: 45, ...common },
    { name: 'inventory-app', ready: 2, wanted: 2, cpuPercent: 45, ...common },
  ]);
});

test('an autoscaler that is blind, and a workload that has just gone, are told as such', () => {
  const [first] = answers.scaled as [Autoscaler];
  const blind = { ...first, status: { currentMetrics: null } };
  assert.deepEqual(podCounts([blind]), [
    { name: 'api-gateway', ready: 0, wanted: 0, min: 1, cpuPercent: null, targetPercent: 60 },
  ]);
});

test('what the pods of a component use is added up', () => {
  assert.deepEqual(usageOf(answers.metrics), [
    { name: 'api-gateway', cpuMillicores: 110, memoryBytes: 190_439_424 },
    { name: 'billing-database', cpuMillicores: 47, memoryBytes: 43_610_112 },
  ]);
  assert.deepEqual(usageOf([]), []);
});

test('quantities are read in every unit that a metrics server uses', () => {
  const read = ['0', '5934184n', '250u', '250m', '2', '1.5', '37968Ki', '64Mi', '1Gi', '128M'].map(quantity);
  const expected = [0, 0.005_934_184, 0.000_25, 0.25, 2, 1.5, 38_879_232, 67_108_864, 1_073_741_824, 128_000_000];
  for (const [index, value] of read.entries()) assert.ok(Math.abs(value - expected[index]!) < 1e-12, `${value}`);
  assert.throws(() => quantity('many'), SyntaxError);
});

test('a cluster that does not answer is looked at again; without metrics there are pods all the same', async () => {
  const kubectl = (list: (resources: string) => unknown): Kubectl => ({
    argv: () => [],
    run: () => assert.fail('only lists are asked for'),
    list: async (resources) => list(resources) as never,
  });
  const silent = kubectl(() => {
    throw new Failure('unreachable', 'The cluster does not answer.');
  });
  assert.equal(await lookAtCluster(silent)(), undefined);
  const withoutMetrics = kubectl((resources) => {
    if (resources.includes('metrics')) throw new CommandError(['kubectl'], { code: 1, signal: null }, 'no metrics');
    return answers.scaled;
  });
  const seen = await lookAtCluster(withoutMetrics)();
  assert.deepEqual([seen?.pods.length, seen?.usage], [2, []]);
});
