import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Marks the namespace as one of the tests, which may be deleted; a user's own never has it. */
const mark = 'microservices-test';

/** Pods end within their grace of two minutes; the rest is what a busy machine adds. */
const REMOVAL_TIMEOUT_S = 300;

/** Marks the namespace that the tests have just made, if it is there. */
export async function markNamespace(kubeconfig: string): Promise<void> {
  if ((await readNamespace(kubeconfig)) === undefined) return;
  await kubectl(kubeconfig, 'label', 'namespace', 'microservices', `${mark}=made-by-test`, '--overwrite');
}

/** Deletes the namespace that an earlier test left. @throws when there is one that no test made */
export async function removeTestNamespace(kubeconfig: string): Promise<void> {
  const labels = await readNamespace(kubeconfig);
  if (labels === undefined) return;
  if (labels[mark] === undefined) {
    throw new Error(
      `the cluster of ${kubeconfig} has a namespace microservices that no test made: it is left as it is.\n` +
        'To test on this cluster all the same: ./orchestrator.sh destroy, or kubectl delete namespace microservices',
    );
  }
  const wait = `--timeout=${REMOVAL_TIMEOUT_S}s`;
  // Pods first: with pods in it, a namespace that is deleted waits for half of their longest grace before it looks again.
  const workloads = ['delete', 'deployments,statefulsets', '--all', '-n', 'microservices', '--cascade=foreground'];
  await kubectl(kubeconfig, ...workloads, wait);
  await kubectl(kubeconfig, 'delete', 'namespace', 'microservices', wait);
}

async function readNamespace(kubeconfig: string): Promise<Record<string, string> | undefined> {
  const argv = ['get', 'namespace', 'microservices', '--ignore-not-found', '-o', 'json'];
  const { stdout } = await kubectl(kubeconfig, ...argv);
  if (stdout === '') return undefined;
  return (JSON.parse(stdout) as { metadata: { labels?: Record<string, string> } }).metadata.labels ?? {};
}

async function kubectl(kubeconfig: string, ...argv: string[]): Promise<{ stdout: string }> {
  return run('kubectl', [`--kubeconfig=${kubeconfig}`, ...argv]);
}
