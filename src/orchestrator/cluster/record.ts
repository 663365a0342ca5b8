import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, repository, writePrivateFile } from '../files.ts';
import type { ProviderName } from '../providers/provider.ts';

/** How the cluster was made: what a later `stop` or `destroy` needs to know. What runs on it, the cluster itself is asked. */
export interface ClusterRecord {
  provider: ProviderName;
  /** ssh: user@host[:port], the server first. */
  hosts?: string[];
  /** ssh: the private key's file; ssh's own choice when absent. */
  identityFile?: string;
  /** kubeconfig: the user's file and its context. */
  kubeconfig?: string;
  context?: string;
  /** kubeconfig: a command line that brings an image archive to all nodes; the archive's path is put behind it. */
  loadWith?: string;
}

/** Whether images can be brought into its nodes: a cluster of somebody's own needs to be told how. */
export const canLoadImages = ({ provider, loadWith }: ClusterRecord): boolean =>
  provider !== 'kubeconfig' || loadWith !== undefined;

/** What belongs to the cluster on this machine: this record, the lock, machine tokens. */
export const clusterFolder = join(repository, '.local/cluster');

/** The kubeconfig that this orchestrator writes and uses; `export KUBECONFIG=$PWD/k3s.yaml`. */
export const kubeconfigFile = join(repository, 'k3s.yaml');

const recordFile = join(clusterFolder, 'cluster.json');

export async function readRecord(): Promise<ClusterRecord | undefined> {
  const text = await readIfThere(recordFile);
  return text === undefined ? undefined : (JSON.parse(text) as ClusterRecord);
}

export async function writeRecord(record: ClusterRecord): Promise<void> {
  await writePrivateFile(recordFile, `${JSON.stringify(record, undefined, 2)}\n`);
}

export async function forgetCluster(): Promise<void> {
  await Promise.all([recordFile, kubeconfigFile].map((path) => rm(path, { force: true })));
}
