import { openKubectl, requireKubectl } from '../cluster/kubectl.ts';
import type { Kubectl } from '../cluster/kubectl.ts';
import { CommandError, run } from '../exec.ts';
import { Failure } from '../failure.ts';
import { checkCluster, readyProblem } from './kubeconfig.checks.ts';
import type { Provider, Work } from './provider.ts';

export interface KubeconfigOptions {
  /** kubectl's own choice (KUBECONFIG, ~/.kube/config) when absent. */
  kubeconfig?: string | undefined;
  /** The file's current context when absent. */
  context?: string | undefined;
  /** A command line that brings an image archive to all nodes; the archive's path is put behind it. */
  loadWith?: string | undefined;
}

/** Some hundred megabytes through whatever tool the cluster has. */
const loadTimeoutMs = 600_000;

/** A cluster that the user has already: nothing is made but the system in its namespace. */
export function createKubeconfigProvider(options: KubeconfigOptions): Provider {
  const open = async (work: Work): Promise<Kubectl> =>
    openKubectl({ program: await requireKubectl(work.environment.folders), ...options, signal: work.signal });
  return {
    name: 'kubeconfig',
    check: async (work) => {
      try {
        return await checkCluster(await open(work));
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return [{ level: 'error', subject: 'cluster', message: error.message, cure: error.cure ?? '' }];
      }
    },
    plan: async (action) =>
      action === 'up'
        ? [
            `use the cluster of ${options.kubeconfig ?? 'your kubeconfig'} as it is, context ${options.context ?? 'the current one'}`,
          ]
        : ['the cluster is yours and stays as it is'],
    up: async (work) => {
      const kubectl = await open(work);
      const problem = await readyProblem(kubectl);
      if (problem !== undefined) throw problem;
      // With what its files hold inside it, so that it is whole wherever it lies.
      return kubectl.run(['config', 'view', '--raw', '--minify', '--flatten']);
    },
    halt: async () => undefined,
    remove: async () => undefined,
    machines: async () => [],
    load: (archive, references, work) => load(options.loadWith, archive, references, work),
  };
}

async function load(
  loadWith: string | undefined,
  archive: string,
  references: readonly string[],
  { say, signal }: Work,
): Promise<void> {
  if (loadWith === undefined) {
    throw new Failure(
      'image-failed',
      `There is no way to bring ${references.join(', ')} into the nodes of this cluster.`,
      {
        cure: "Publish them: DOCKER_HUB_USERNAME=you ./orchestrator.sh build. Or name the cluster's own way: --load-with 'kind load image-archive'",
      },
    );
  }
  try {
    // A shell, for this is a command line that the user wrote; the path is its last word.
    await run(['sh', '-c', `${loadWith} "$1"`, 'sh', archive], { timeoutMs: loadTimeoutMs, signal, onLine: say });
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    throw new Failure('image-failed', 'The images could not be loaded into the nodes.', {
      cause,
      cure: `Try it by hand: ${loadWith} ${archive}`,
    });
  }
}
