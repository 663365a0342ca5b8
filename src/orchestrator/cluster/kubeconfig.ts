import { parse, stringify } from 'yaml';
import { namespace } from './kubectl.ts';

interface Kubeconfig {
  'current-context'?: string;
  contexts?: { name: string; context: { cluster: string; user: string; namespace?: string } }[];
  clusters?: { name: string; cluster: { server: string } }[];
  users?: { name: string; user: unknown }[];
}

/** The name of the context that kubectl uses by itself. */
export function currentContext(text: string): string {
  return (parse(text) as Kubeconfig | null)?.['current-context'] ?? '';
}

/** The namespace in which kubectl works by itself; undefined when the context names none, which means `default`. */
export function contextNamespace(text: string): string | undefined {
  const config = parse(text) as Kubeconfig | null;
  return config?.contexts?.find(({ name }) => name === config['current-context'])?.context.namespace;
}

/**
 * A kubeconfig with one context, which leads to the namespace of the system, so that commands work without `-n`. All in it is
 * named after that: every K3s calls everything "default".
 * @param text a kubeconfig whose current context is the one that is meant
 * @throws TypeError when it has no such context
 */
export function ownKubeconfig(text: string): string {
  const config = parse(text) as Kubeconfig | null;
  const context = config?.contexts?.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config?.clusters?.find(({ name }) => name === context?.cluster);
  const user = config?.users?.find(({ name }) => name === context?.user);
  if (context === undefined || cluster === undefined || user === undefined) {
    throw new TypeError('the kubeconfig has no current context with a cluster and a user');
  }
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': namespace,
    contexts: [{ name: namespace, context: { cluster: namespace, user: namespace, namespace } }],
    clusters: [{ ...cluster, name: namespace }],
    users: [{ ...user, name: namespace }],
  });
}
