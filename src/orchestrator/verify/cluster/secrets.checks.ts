import { readManifests } from '../../cluster/manifests.ts';
import { isSecret } from '../../cluster/objects.ts';
import type { Secret } from '../../cluster/objects.ts';
import type { Kubectl } from '../../cluster/kubectl.ts';
import type { Check } from '../check.ts';
import { onCluster } from './live.ts';
import type { LiveNode } from './objects.ts';
import { lookAtPasswords } from './passwords.ts';
import { decideEncrypted, decideLiterals, decideOwn, decideStored } from './secrets.ts';
import { lookAtLogs, lookIntoImages } from './secrets.places.ts';

const file = 'Every credential stands in Manifests/secrets.yaml; ./orchestrator.sh deploy makes what is missing.';

/** Whatever a text can stand in. */
const places = [
  'deployments',
  'statefulsets',
  'daemonsets',
  'jobs',
  'cronjobs',
  'pods',
  'configmaps',
  'services',
  'serviceaccounts',
  'persistentvolumeclaims',
  'horizontalpodautoscalers',
  'networkpolicies',
  'poddisruptionbudgets',
  'ingresses',
].join(',');

export const secretChecks: readonly Check[] = [
  onCluster({
    id: 'secrets.stored',
    promise: 'Every credential of the system is in the three Secrets of Manifests/secrets.yaml',
    cure: file,
    look: async ({ kubectl }) => decideStored(await published(), await existing(kubectl)),
  }),
  onCluster({
    id: 'secrets.own',
    promise: 'No demonstration password holds in a cluster that create or deploy has filled',
    cure: './orchestrator.sh secrets rotate',
    look: async ({ kubectl }) => decideOwn(await published(), await existing(kubectl, '--show-managed-fields')),
  }),
  onCluster({
    id: 'secrets.accepted',
    promise: 'The databases and the broker take the passwords of their Secrets',
    cure: './orchestrator.sh deploy tells them the passwords again',
    look: ({ kubectl }) => lookAtPasswords(kubectl),
  }),
  onCluster({
    id: 'secrets.literals',
    promise: 'No credential is in a variable, command, annotation or ConfigMap: only in Secrets',
    cure: file,
    look: async ({ kubectl }) => decideLiterals(await kubectl.list(places), await existing(kubectl)),
  }),
  onCluster({
    id: 'secrets.logs',
    promise: 'No credential is in a log of any container, nor of the one before its restart',
    cure: './orchestrator.sh secrets rotate makes what was seen useless.',
    look: ({ kubectl }) => lookAtLogs(kubectl),
  }),
  onCluster({
    id: 'secrets.images',
    promise: 'No credential is in an image of ours, in a file or a variable',
    cure: 'Images are made by Dockerfiles/.',
    look: ({ kubectl }) => lookIntoImages(kubectl),
  }),
  onCluster({
    id: 'secrets.encrypted',
    promise: 'Secrets are encrypted where the cluster stores them',
    cure: 'Scripts/setup-cluster.sh makes K3s encrypt them.',
    look: async ({ kubectl }) => decideEncrypted(await kubectl.list<LiveNode>('nodes')),
  }),
];

const published = async (): Promise<Secret[]> => (await readManifests()).filter(isSecret);

const existing = (kubectl: Kubectl, ...args: string[]): Promise<Secret[]> => kubectl.list<Secret>('secrets', ...args);
