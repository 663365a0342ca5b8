import { contextNamespace } from '../../cluster/kubeconfig.ts';
import { namespace } from '../../cluster/kubectl.ts';
import { kubeconfigFile } from '../../cluster/record.ts';
import { readIfThere } from '../../files.ts';
import type { Check } from '../check.ts';
import { judge, onCluster } from './live.ts';
import { decideNodes } from './nodes.ts';

export const nodeChecks: readonly Check[] = [
  onCluster({
    id: 'nodes.ready',
    promise: 'kubectl get nodes shows two nodes, Ready: master and agent, where the machines are made by Vagrant',
    cure: './orchestrator.sh status',
    look: async ({ kubectl, session }) => decideNodes(await kubectl.list('nodes'), session.provider.name),
  }),
  onCluster({
    id: 'nodes.context',
    promise: 'The context of k3s.yaml has microservices as its default namespace, so that commands work without -n',
    cure: './orchestrator.sh create writes k3s.yaml again',
    look: async () => {
      const found = contextNamespace((await readIfThere(kubeconfigFile)) ?? '');
      const what = `the current context of ${kubeconfigFile} has the namespace ${found ?? 'default'}`;
      const cure = `KUBECONFIG=${kubeconfigFile} kubectl config set-context --current --namespace=${namespace}`;
      return judge(found === namespace ? [] : [{ what, cure }], what);
    },
  }),
];
