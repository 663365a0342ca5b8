import { parseDocument } from 'yaml';
import { namespace } from '../cluster/kubectl.ts';

/** The port of the API server, fixed in K3s. */
const apiPort = 6443;

/**
 * The kubeconfig that K3s writes for root on its server, as it is used from elsewhere: the server by its real address, and
 * names of our own, because every K3s calls all of them "default".
 * @param text what stands in /etc/rancher/k3s/k3s.yaml
 * @param host name or address of the server as this machine reaches it
 */
export function rewriteKubeconfig(text: string, host: string): string {
  const config = parseDocument(text);
  const set = (path: readonly (string | number)[], value: string): void => {
    if (!config.hasIn(path.slice(0, -1))) throw new Error(`the kubeconfig of K3s has no ${path.join('.')}`);
    config.setIn(path, value);
  };
  set(['clusters', 0, 'cluster', 'server'], `https://${host}:${apiPort}`);
  for (const list of ['clusters', 'contexts', 'users']) set([list, 0, 'name'], namespace);
  set(['contexts', 0, 'context', 'cluster'], namespace);
  set(['contexts', 0, 'context', 'user'], namespace);
  // So that kubectl works with and without -n.
  set(['contexts', 0, 'context', 'namespace'], namespace);
  config.set('current-context', namespace);
  return config.toString();
}
