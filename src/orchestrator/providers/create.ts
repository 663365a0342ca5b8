import { join } from 'node:path';
import { clusterFolder } from '../cluster/record.ts';
import type { ClusterRecord } from '../cluster/record.ts';
import { repository } from '../files.ts';
import { createKubeconfigProvider } from './kubeconfig.ts';
import type { Provider } from './provider.ts';
import { createSshProvider } from './ssh.ts';
import { createVagrantProvider } from './vagrant.ts';

/** Downloads that the next cluster needs again. */
const cache = join(repository, '.local/cache');

/** The provider that a cluster's record names. */
export function createProvider(record: ClusterRecord): Provider {
  const { provider, hosts = [], identityFile } = record;
  if (provider === 'kubeconfig') return createKubeconfigProvider(record);
  const folders = { state: join(clusterFolder, provider), cache };
  if (provider === 'ssh') return createSshProvider({ hosts, identityFile, ...folders });
  return createVagrantProvider({ project: repository, ...folders });
}
