import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { registry } from './metrics.ts';

test("Node's own figures are all that prom-client has by default, under its names", async () => {
  const all = new Registry();
  collectDefaultMetrics({ register: all });
  const namesOf = async (of: Registry): Promise<string[]> =>
    (await of.getMetricsAsJSON()).map(({ name, type }) => `${name} ${type}`).toSorted();
  assert.deepEqual(await namesOf(registry), await namesOf(all));
  const counted = /^process_cpu_seconds_total ([0-9.]+)$/m.exec(await registry.metrics())?.[1];
  assert.ok(Number(counted) > 0 && Number(counted) < 60, `${counted} s of CPU`);
});
