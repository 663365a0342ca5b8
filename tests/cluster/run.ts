/**
 * `npm run test:cluster [FILE…]`: the life of a deployment on a real Kubernetes of two nodes, in a copy of this repository.
 * Environment:
 *   TEST_CLUSTER_KUBECONFIG  the cluster, else KUBECONFIG; without either, every test is reported as skipped
 *   TEST_CLUSTER_LOAD        brings an image archive into the nodes (create --load-with); absent where they have the images
 *   TEST_CLUSTER_TAG         another tag of our three images that the nodes have; absent, a new version is a changed manifest
 * The tests stop, drain and fill the cluster as they need it: it should have nothing else to do.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { copyRepository } from '../support/clone.ts';
import { removeTestNamespace } from '../support/cluster.namespace.ts';
import { root } from '../support/readme.ts';

/** Minutes each: when something is wrong, the others have told it by then. */
const isSlow = (path: string): boolean => /(nodes|move|autoscaler|load|verify|drill)\.test\.ts$/.test(path);

async function runTests(files: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  let passed = true;
  for (const group of [files.filter((path) => !isSlow(path)), files.filter(isSlow)]) {
    if (group.length === 0) continue;
    // One file at a time: they share the cluster.
    const argv = ['--test', '--test-concurrency=1', '--test-reporter=spec', ...group];
    const child = spawn(process.execPath, argv, { cwd: root, env, stdio: 'inherit' });
    const [code]: unknown[] = await once(child, 'exit');
    passed &&= code === 0;
  }
  return passed;
}

async function main(chosen: readonly string[]): Promise<number> {
  const files = chosen.length > 0 ? chosen : globSync('tests/cluster/*.test.ts', { cwd: root }).toSorted();
  const given = process.env['TEST_CLUSTER_KUBECONFIG'] ?? process.env['KUBECONFIG'];
  if (!given) return (await runTests(files, process.env)) ? 0 : 1;
  const kubeconfig = resolve(given);
  await removeTestNamespace(kubeconfig);
  const folder = await mkdtemp(join(tmpdir(), 'cluster-'));
  await copyRepository(folder);
  const env = { ...process.env, TEST_CLUSTER_KUBECONFIG: kubeconfig, TEST_CLUSTER_FOLDER: folder };
  const passed = await runTests(files, env);
  if (passed) {
    await removeTestNamespace(kubeconfig);
    await rm(folder, { recursive: true, force: true });
    return 0;
  }
  process.stderr.write(`\nKept for a look, until the next run: the namespace microservices. Delete later: ${folder}\n`);
  return 1;
}

// A Ctrl-C reaches the running tests as well; what is left is told after them.
process.on('SIGINT', () => undefined);
process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
