import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { exitCodes } from '@orchestrator/orchestrator/failure.ts';
import {
  assertDone,
  clusterTest,
  ended,
  ensureNothing,
  ensureSystem,
  folder,
  kubeconfig,
  onCluster,
  orchestrator,
  sh,
  start,
} from '../support/cluster.ts';
import { markNamespace } from '../support/cluster.namespace.ts';
import { identities, origins } from '../support/cluster.objects.ts';

clusterTest('a dry run of create shows the steps and changes nothing', async () => {
  await ensureNothing();
  const { code, stdout } = await orchestrator(`create --dry-run ${onCluster}`);
  assert.equal(code, 0);
  for (const part of ['namespace/microservices', 'deployment/api-gateway', 'k3s.yaml'])
    assert.ok(stdout.includes(part));
  assert.equal(await sh(`kubectl --kubeconfig='${kubeconfig}' get namespace microservices --ignore-not-found`), '');
  assert.equal(existsSync(join(folder, 'k3s.yaml')), false);
});

clusterTest(
  'create brings the system from nothing to answers on every node; again, it leaves all pods alone',
  async (t) => {
    await ensureNothing();
    const first = await orchestrator(`create ${onCluster}`);
    assertDone(first, 'cluster created');
    t.diagnostic(`create from nothing: ${first.seconds} s`);
    const file = join(folder, 'k3s.yaml');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(await sh("kubectl config view --minify -o 'jsonpath={..namespace}'"), 'microservices');
    const nodes = await origins();
    assert.ok(nodes.length >= 2, 'a cluster of two nodes');
    for (const origin of nodes) assert.equal((await fetch(`${origin}/api/movies`)).status, 200, origin);

    const before = await identities();
    // Which cluster, it remembers.
    const second = await orchestrator('create');
    assertDone(second, 'cluster created');
    t.diagnostic(`create again: ${second.seconds} s`);
    assert.deepEqual(await identities(), before, 'no pod is new, none was restarted');
  },
);

clusterTest('of two creates at once, one works and the other says who is at work', async () => {
  await ensureSystem({ diagnostic: () => undefined });
  const results = await Promise.all([orchestrator('create'), orchestrator('create')]);
  const [done, busy] = results.toSorted((a, b) => (a.code ?? 0) - (b.code ?? 0));
  assertDone(done!, 'cluster created');
  assert.equal(busy?.code, exitCodes.busy.code);
  assert.match(busy.stderr, /create \(pid \d+\) is at work on this cluster/);
  assert.equal(busy.stdout, '');
});

/** Each comes further than the one before it, through a create that takes half a minute or more. */
const ends = [
  ['SIGINT', 1500],
  ['SIGKILL', 2500],
  ['SIGKILL', 5000],
  ['SIGINT', 10_000],
  ['SIGKILL', 15_000],
  ['SIGTERM', 20_000],
] as const;

clusterTest('create goes on where it was ended, again and again', async (t) => {
  await ensureNothing();
  for (const [signal, afterMs] of ends) {
    const child = start(`./orchestrator.sh create ${onCluster}`);
    const result = ended(child);
    await delay(afterMs);
    if (child.exitCode !== null) break; // It came to its end: nothing is left to be ended.
    child.kill(signal);
    const { code, signal: by, stdout, stderr } = await result;
    await markNamespace(kubeconfig);
    t.diagnostic(`${signal} after ${afterMs / 1000} s: ${stderr.split('\n').findLast((line) => line.startsWith('['))}`);
    assert.equal(stdout, '', 'nothing was promised');
    if (signal === 'SIGKILL') {
      assert.equal(by, signal);
    } else {
      assert.equal(code, exitCodes.interrupted.code);
      assert.match(stderr, /create goes on where it stopped/);
    }
  }
  const last = await orchestrator(`create ${onCluster}`);
  assertDone(last, 'cluster created');
  t.diagnostic(`then ${last.seconds} s to the end`);
  for (const origin of await origins()) assert.equal((await fetch(`${origin}/health/ready`)).status, 200);
});
