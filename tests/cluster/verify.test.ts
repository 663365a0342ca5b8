import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { clusterChecks } from '@orchestrator/orchestrator/verify/cluster/checks.ts';
import { runAll } from '../support/cluster.break.ts';
import type { ClusterBreak, Material } from '../support/cluster.break.ts';
import { guardsBreaks } from '../support/cluster.breaks.guards.ts';
import { partsBreaks } from '../support/cluster.breaks.parts.ts';
import { stateBreaks } from '../support/cluster.breaks.state.ts';
import { clusterTest, ended, ensureSystem, run, sh, start } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

/** Those that need no probe pods, and disturb nothing: looked at with every break. */
const quick = 'nodes,workloads,services,scaling,volumes,secrets,security,kubectl,network.policies';

/** A probe pod that is placed on a busy node. */
const PROBE_TIMEOUT_MS = 120_000;

const allBreaks = (material: Material): ClusterBreak[] => [
  ...partsBreaks(material),
  ...stateBreaks(material),
  ...guardsBreaks(material),
];

interface Report {
  checks: { id: string; result: string; evidence?: string; cure?: string; reason?: string }[];
}

async function verify(...args: string[]): Promise<Report & { code: number | null; stderr: string }> {
  const { code, stdout, stderr } = await run(`./orchestrator.sh verify cluster -o json ${args.join(' ')}`);
  assert.ok(stdout.startsWith('{'), `exit code ${code}\n${stdout}${stderr}`);
  return { ...(JSON.parse(stdout) as Report), code, stderr };
}

const failed = ({ checks }: Report): string[] => checks.filter(({ result }) => result === 'fail').map(({ id }) => id);

/** Autoscalers start and end them at any time. Only names that a ReplicaSet gives: a pod that somebody else made stays in sight. */
const SCALED_PODS = /^pod\/(?:api-gateway|inventory-app)-[a-z0-9]{8,10}-[a-z0-9]{5}$/;

/** What a person would find of a walk: objects by name, but for those that Kubernetes renews by itself. */
async function traces(): Promise<string[]> {
  const kinds =
    'pods,services,deployments,statefulsets,replicasets,hpa,pdb,configmaps,secrets,pvc,networkpolicies,endpointslices,serviceaccounts';
  const inside = await sh(`kubectl get ${kinds} -n microservices -o name`);
  const outside = await sh('kubectl get namespaces,pv -o name');
  const names = `${inside}${outside}`.trimEnd().split('\n');
  return names.filter((name) => !SCALED_PODS.test(name)).toSorted();
}

/** The image and the node that breaks need. */
async function material(): Promise<Material> {
  const image = await sh(`kubectl get deployment api-gateway -o jsonpath='{.spec.template.spec.containers[0].image}'`);
  const node = await sh(`kubectl get nodes -o jsonpath='{.items[0].metadata.name}'`);
  return { image: image.trim(), node: node.trim() };
}

clusterTest('on a healthy system every promise of a cluster passes or says why not, and nothing is left', async (t) => {
  await ensureSystem(t);
  const before = await traces();
  const report = await verify('--only', 'data', '--only', 'network', '--only', quick);
  assert.deepEqual(failed(report), [], JSON.stringify(report.checks, undefined, 2));
  assert.equal(report.code, 0, report.stderr);
  const seen = report.checks.map(({ id }) => id);
  assert.deepEqual(
    clusterChecks.map(({ id }) => id).filter((id) => !seen.includes(id)),
    [],
  );
  // Pods that were deleted on purpose have successors of other names.
  const names = (all: string[]): string[] => all.map((name) => name.replace(/^(pod\/rabbitmq)-.*/, '$1'));
  assert.deepEqual(names(await traces()), names(before));
});

for (const { title, turnsRed } of allBreaks({ image: '', node: '' })) {
  clusterTest(`${title}: ${turnsRed.join(', ')}`, async (t) => breakAndLook(t, title));
}

async function breakAndLook(t: TestContext, title: string): Promise<void> {
  await ensureSystem(t);
  const { turnsRed, names, breaks, mends } = allBreaks(await material()).find((one) => one.title === title)!;
  try {
    await runAll(breaks);
    const report = await verify('--only', quick, '--only', turnsRed.join());
    assert.deepEqual(failed(report).toSorted(), turnsRed.toSorted(), JSON.stringify(report.checks, undefined, 2));
    assert.equal(report.code, 78);
    const { evidence = '', cure = '' } = report.checks.find(({ id }) => id === turnsRed[0]) ?? {};
    assert.match(evidence, names);
    assert.match(cure, /\w/);
    t.diagnostic(`${evidence} → ${cure}`);
  } finally {
    await runAll(mends);
  }
}

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  clusterTest(`${signal} while probe pods are there: they are removed, at the latest by the next walk`, async (t) => {
    await ensureSystem(t);
    const before = await traces();
    const walk = start('./orchestrator.sh verify cluster --only network.shut');
    const walked = ended(walk);
    await eventually(async () => {
      const pods = await sh('kubectl get pods -A -l microservices/verify -o name');
      assert.ok(pods.includes('pod/'), pods);
    }, PROBE_TIMEOUT_MS);
    walk.kill(signal);
    const { code } = await walked;
    if (signal === 'SIGKILL') await verify('--only', 'nodes');
    else assert.equal(code, 130);
    assert.deepEqual(await traces(), before);
  });
}
