import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes } from '@orchestrator/orchestrator/failure.ts';
import { assertDone, clusterTest, ensureSystem, folder, orchestrator } from '../support/cluster.ts';
import type { Ended } from '../support/cluster.ts';
import { assertNothingFailed, loadSystem } from '../support/cluster.load.ts';
import { list, listPods } from '../support/cluster.objects.ts';
import type { Pod } from '../support/cluster.objects.ts';

const services = ['api-gateway', 'inventory-app', 'billing-app'] as const;
const otherTag = process.env['TEST_CLUSTER_TAG'];

/** A new version: other images where the nodes have some, else the same with another setting. */
async function deployOther(): Promise<Ended> {
  if (otherTag !== undefined) return orchestrator(`deploy --tag ${otherTag}`);
  for (const service of services) {
    const path = join(folder, `Manifests/${service}.yaml`);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replaceAll('app.kubernetes.io/version: 0.1.0', 'app.kubernetes.io/version: 0.1.1'));
  }
  return orchestrator('deploy');
}

async function podsOf(names: readonly string[]): Promise<Map<string, string>> {
  const pods = await listPods();
  const ours = pods.filter(({ metadata }) => names.includes(metadata.labels['app.kubernetes.io/name'] ?? ''));
  return new Map(ours.map(({ metadata }) => [metadata.uid, metadata.name]));
}

clusterTest('a new version replaces the old one under load, without a failed request', async (t) => {
  await ensureSystem(t);
  const before = await podsOf(services);
  const load = await loadSystem(t);
  const deployed = await deployOther();
  assertDone(deployed, 'deployed');
  t.diagnostic(`deploy of ${otherTag ?? 'a changed manifest'}: ${deployed.seconds} s`);
  const after = await podsOf(services);
  assert.ok(
    [...before.keys()].every((uid) => !after.has(uid)),
    'every pod of the services is new',
  );
  await assertNothingFailed(t, 'deploy', load);
});

clusterTest(
  'a version that does not exist fails with its name while the old one serves; a good one heals it',
  async (t) => {
    await ensureSystem(t);
    const before = await podsOf(['api-gateway', 'inventory-app']);
    const load = await loadSystem(t, 20);
    const broken = await orchestrator('deploy --tag no-such-version --timeout 120');
    t.diagnostic(`deploy of a broken version: exit code ${broken.code} after ${broken.seconds} s\n${broken.stderr}`);
    assert.equal(broken.code, exitCodes['rollout-failed'].code);
    assert.match(broken.stderr, /no-such-version/);
    assert.equal(broken.stdout, '');
    const after = await podsOf(['api-gateway', 'inventory-app']);
    assert.ok(
      [...before.keys()].every((uid) => after.has(uid)),
      'the old pods of the gateway and of inventory-app serve on',
    );

    const repaired = await orchestrator('deploy');
    assertDone(repaired, 'deployed');
    t.diagnostic(`deploy of a good version afterwards: ${repaired.seconds} s`);
    const pods = await list<Pod>('pods');
    assert.ok(
      pods.every(({ status }) => status.containerStatuses?.[0]?.imageID !== ''),
      'billing-app as well',
    );
    await assertNothingFailed(t, 'broken deploy and its repair', load);
  },
);
