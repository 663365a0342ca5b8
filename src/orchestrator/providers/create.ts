import type { ClusterRecord } from '../cluster/record.ts';
import { createKubeconfigProvider } from './kubeconfig.ts';
import type { Provider } from './provider.ts';

/** The provider that a cluster's record names. */
export function createProvider(record: ClusterRecord): Provider {
  return createKubeconfigProvider(record);
}
