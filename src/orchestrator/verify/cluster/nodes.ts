import type { Outcome } from '../check.ts';
import type { ProviderName } from '../../providers/provider.ts';
import { judge } from './live.ts';
import type { Fault } from './live.ts';
import { isReady, ofKind } from './objects.ts';
import type { Objects } from './objects.ts';

/** What our two machines are called. */
const machineNames = ['agent', 'master'];

/** Two nodes or more, all of them Ready and taking pods; where the machines are ours, under their names. */
export function decideNodes(objects: Objects, provider: ProviderName): Outcome {
  const nodes = ofKind(objects, 'Node');
  const faults: Fault[] = [];
  if (nodes.length < 2)
    faults.push({
      what: `the cluster has ${nodes.length} node`,
      cure: provider === 'kubeconfig' ? 'Add a node to your cluster.' : './orchestrator.sh create',
    });
  for (const node of nodes) {
    const { name } = node.metadata;
    const { reason, message } = node.status.conditions.find(({ type }) => type === 'Ready') ?? {};
    if (!isReady(node))
      faults.push({ what: `node ${name} is not Ready: ${reason} (${message})`, cure: './orchestrator.sh start' });
    else if (node.spec.unschedulable)
      faults.push({ what: `node ${name} takes no pods: SchedulingDisabled`, cure: `kubectl uncordon ${name}` });
  }
  const missing = machineNames.filter((name) => !nodes.some(({ metadata }) => metadata.name === name));
  if (provider === 'vagrant' && missing.length > 0)
    faults.push({ what: `there is no node ${missing.join(' and no node ')}`, cure: './orchestrator.sh create' });
  const shown = nodes.map(({ metadata, status }) => `${metadata.name} ${status.nodeInfo.kubeletVersion}`);
  return judge(faults, `Ready: ${shown.join(', ')}`);
}
