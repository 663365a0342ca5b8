import type { NetworkPolicy, Workload } from '../../model/kubernetes.ts';
import { home, showConnection, wrongConnections } from '../../model/connections.ts';
import type { Member, WrongConnection } from '../../model/connections.ts';
import { openedBy } from '../../model/reachability.ts';
import type { Outcome } from '../check.ts';
import { deployAgain, judge } from './live.ts';
import type { Fault } from './live.ts';
import { partsOf } from './objects.ts';
import type { Objects } from './objects.ts';

export const policyFile = 'Manifests/network-policies.yaml';

/** More would not be read. */
const mostFaults = 6;

/** The policies let through what the picture shows and nothing else, whether this network enforces them or not. */
export function decidePolicies(objects: Objects): Outcome {
  const policies = objects.filter((object): object is NetworkPolicy => object.kind === 'NetworkPolicy');
  const wrong = wrongConnections(policies, partsOf(objects).map(memberOf));
  const faults = wrong.slice(0, mostFaults).map((one) => explain(one, policies));
  const more = wrong.length - faults.length;
  const rest = more > 0 ? [{ what: `and ${more} more`, cure: deployAgain }] : [];
  return judge([...faults, ...rest], `${policies.length} policies, one for each arrow of the picture`);
}

const memberOf = ({ metadata, spec: { template } }: Workload): Member => ({
  name: metadata.name,
  labels: template.metadata.labels ?? {},
  spec: template.spec,
});

/** Names the policy that makes the difference, or that is missing. */
function explain(wrong: WrongConnection, policies: readonly NetworkPolicy[]): Fault {
  const shown = showConnection(wrong);
  const again = `${deployAgain}   # applies ${policyFile}`;
  if (wrong.is === 'shut') return { what: `${shown}: no policy allows it`, cure: again };
  const end = wrong.to.pod?.namespace === home ? 'Ingress' : 'Egress';
  const opening = openedBy(policies, home, wrong, end);
  if (opening === undefined) return { what: `${shown}: no policy denies it, default-deny is missing`, cure: again };
  return {
    what: `${shown}: the policy ${opening.map(({ metadata }) => metadata.name).join(', ')} allows it`,
    cure: `${again}; one that is not in it: kubectl delete networkpolicy NAME -n microservices`,
  };
}
