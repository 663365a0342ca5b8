import { explainFailure } from '../providers/known-issues.ts';
import type { Work } from '../providers/provider.ts';
import { rewriteKubeconfig } from './kubeconfig.ts';
import type { Nodes } from './node.ts';
import { waitUntilReady } from './nodes.ts';
import { setUpNodes } from './setup.ts';
import type { SetupFiles } from './setup.ts';

/**
 * Makes the machines a cluster and waits until all of it is Ready.
 * @param host name or address of the server as this machine reaches it
 * @returns a kubeconfig for this machine
 * @throws Failure machine-failed
 */
export async function bringUp(nodes: Nodes, host: string, files: SetupFiles, work: Work): Promise<string> {
  await setUpNodes(nodes, files, work);
  await waitUntilReady(nodes, work);
  const [server] = nodes;
  try {
    return rewriteKubeconfig(await server.remote.run(['cat', '/etc/rancher/k3s/k3s.yaml']), host);
  } catch (error) {
    throw explainFailure('The kubeconfig could not be read', error, { kind: 'machine-failed', cure: 'Run again.' });
  }
}
