import { parseDocument } from 'yaml';

/** The port of the API server, fixed in K3s. */
const apiPort = 6443;

/**
 * The kubeconfig that K3s writes for root on its server, as it is used from elsewhere: with the server's real address.
 * @param text what stands in /etc/rancher/k3s/k3s.yaml
 * @param host name or address of the server as this machine reaches it
 */
export function rewriteKubeconfig(text: string, host: string): string {
  const config = parseDocument(text);
  const server = ['clusters', 0, 'cluster', 'server'];
  if (!config.hasIn(server)) throw new TypeError(`the kubeconfig of K3s has no ${server.join('.')}`);
  config.setIn(server, `https://${host}:${apiPort}`);
  return config.toString();
}
