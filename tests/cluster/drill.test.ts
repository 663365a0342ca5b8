import assert from 'node:assert/strict';
import { clusterTest, ensureSystem, orchestrator, sh } from '../support/cluster.ts';

const moments = [
  '5:billing-app-killed',
  '15:node-drained',
  '60:rabbitmq-killed',
  '90:api-gateway-ended',
  '105:billing-database-killed',
  '120:billing-app-restarted',
  '140:rabbitmq-memory-alarm',
  '160:queue-deleted',
];

clusterTest('pods are killed and a node is drained under load: no confirmed order is lost or doubled', async (t) => {
  await ensureSystem(t);
  const at = moments.map((moment) => `--at ${moment}`).join(' ');
  const { code, stdout, stderr } = await orchestrator(`drill cluster --orders 10000 --rate 50 ${at} -o json`);
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  t.diagnostic(last);
  assert.equal(code, 0, stderr);
  const { verdict, ledger, faults } = JSON.parse(last) as {
    verdict: string;
    ledger: Record<string, number>;
    faults: number;
  };
  assert.deepEqual([verdict, faults], ['pass', moments.length]);
  assert.deepEqual([ledger['lost'], ledger['doubled'], ledger['corrupted']], [0, 0, 0]);
  assert.ok(ledger['confirmed']! > 0);
  const left = "SELECT count(*) FROM orders WHERE user_id LIKE 'drill-%'";
  const psql = `kubectl exec -n microservices billing-database-0 -- psql -U billing_user -d orders -Atc "${left}"`;
  assert.equal((await sh(psql)).trim(), '0');
  assert.doesNotMatch(await sh('kubectl get nodes'), /SchedulingDisabled/);
});
