import assert from 'node:assert/strict';
import type { LoadResult } from '@orchestrator/orchestrator/load/result.ts';
import { clusterTest, ensureSystem, orchestrator, sh } from '../support/cluster.ts';
import { list } from '../support/cluster.objects.ts';
import { eventually } from '../support/eventually.ts';

/** A window of 120 s without load, then a pod a minute; what an earlier test has left is gone by then. */
const DOWN_TIMEOUT_MS = 600_000;

const LOOK_EVERY_MS = 2_000;

interface Deployment {
  spec: { replicas: number };
}

async function gatewayReplicas(): Promise<number | undefined> {
  const [gateway] = await list<Deployment>('deployments', '--field-selector=metadata.name=api-gateway');
  return gateway?.spec.replicas;
}

const rowsOf = async (database: string, sql: string): Promise<string> => {
  const [name, user] = database === 'billing' ? ['orders', 'billing_user'] : ['inventory', 'inventory_user'];
  return (
    await sh(`kubectl exec -n microservices ${database}-database-0 -- psql -U ${user} -d ${name} -Atc "${sql}"`)
  ).trim();
};

clusterTest('load shows the autoscaler going from one pod to three and back to one', async (t) => {
  await ensureSystem(t);
  await eventually(async () => assert.equal(await gatewayReplicas(), 1), DOWN_TIMEOUT_MS, LOOK_EVERY_MS);
  const thresholds = ["'replicas.max>=3'", "'replicas.end<=1'"].map((each) => `--threshold ${each}`).join(' ');
  const { code, stdout, stderr, seconds } = await orchestrator(`load cluster ${thresholds} -o json`);
  assert.equal(code, 0, stderr);
  const result = JSON.parse(stdout) as LoadResult;
  const ready = result.samples.map((sample) => sample.pods.find(({ name }) => name === 'api-gateway')?.ready);
  const changes = ready.filter((pods, index) => pods !== ready[index - 1]);
  assert.deepEqual([changes[0], Math.max(...changes.map(Number)), changes.at(-1)], [1, 3, 1]);
  const { latencyMs } = result.all;
  t.diagnostic(
    `${seconds} s: ${result.all.due} requests at ${result.rate}/s, ${result.all.errors} errors, p50 ${latencyMs?.p50} ms, ` +
      `p95 ${latencyMs?.p95} ms, p99 ${latencyMs?.p99} ms; pods ready: ${changes.join(', ')}`,
  );
  // What the autoscaler saw is in the report as well, and all that the load made is gone.
  const seen = result.samples.flatMap(({ pods }) => pods[0]?.cpuPercent ?? []);
  assert.ok(Math.max(...seen) > 60, `the highest CPU that was seen is ${Math.max(...seen)} %`);
  assert.ok(
    result.samples.some(({ usage }) =>
      usage.some(({ name, cpuMillicores }) => name === 'rabbitmq' && cpuMillicores > 0),
    ),
  );
  assert.equal(await rowsOf('billing', "SELECT count(*) FROM orders WHERE user_id LIKE 'load-%'"), '0');
  assert.equal(await rowsOf('inventory', "SELECT count(*) FROM movies WHERE title LIKE 'load-%'"), '0');
});
