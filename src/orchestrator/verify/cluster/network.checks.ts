import { notApplicable } from '../check.ts';
import type { Check, Outcome } from '../check.ts';
import { judge, ofObjects, onCluster } from './live.ts';
import { decidePolicies, policyFile } from './network.ts';
import { surveyOf } from './survey.ts';
import type { Survey, Tried } from './survey.ts';

const resources = 'networkpolicies,deployments,statefulsets';

/** Pods that start on a busy node, some rounds of connections, and pods that end. */
const surveyLimitMs = 420_000;

/** More would not be read. */
const mostShown = 8;

export const networkChecks: readonly Check[] = [
  ofObjects({
    id: 'network.policies',
    promise:
      'The network policies allow each arrow of the picture and nothing else: default deny, then one rule per arrow',
    resources,
    decide: decidePolicies,
  }),
  onCluster({
    id: 'network.open',
    promise: 'Every connection of the picture can be made, as probe pods in the place of each part see it',
    limitMs: surveyLimitMs,
    cure: `kubectl get networkpolicies -n microservices must show those of ${policyFile}; ./orchestrator.sh status`,
    look: async ({ kubectl }, walk) => decideOpen(await surveyOf(kubectl, walk)),
  }),
  onCluster({
    id: 'network.shut',
    promise: 'Every other connection is blocked: probe pods of each part, and strangers, try all of them',
    limitMs: surveyLimitMs,
    cure: `kubectl get networkpolicies -n microservices must show those of ${policyFile}`,
    look: async ({ kubectl }, walk) => decideShut(await surveyOf(kubectl, walk)),
  }),
];

/** Whether all that is allowed can be done. */
export function decideOpen({ tried }: Survey): Outcome {
  const allowed = tried.filter(({ isAllowed }) => isAllowed);
  const faults = allowed
    .filter(({ attempt }) => attempt !== 'open')
    .map((one) => ({
      what: `${show(one)} must be open: ${one.attempt}`,
      cure: `./orchestrator.sh deploy   # applies ${policyFile}`,
    }));
  return judge(faults, `${allowed.length} connections made, among them ${shown(allowed)}`);
}

/** Whether all else is blocked, where the network blocks anything at all. */
export function decideShut({ enforces, tried }: Survey): Outcome {
  const forbidden = tried.filter(({ isAllowed }) => !isAllowed);
  const open = forbidden.filter(({ attempt }) => attempt === 'open');
  if (!enforces) {
    const count = open.length === forbidden.length ? `all ${open.length}` : `${open.length} of ${forbidden.length}`;
    return notApplicable(
      `this cluster's network does not enforce NetworkPolicy: ${count} forbidden connections were made, and so was one that a policy of our own forbids; K3s does enforce`,
    );
  }
  if (open.length === 0) return judge([], `${forbidden.length} connections blocked, among them ${shown(forbidden)}`);
  const what = `${open.length} of ${forbidden.length} forbidden connections were made: ${shown(open)}`;
  return judge(
    [
      {
        what,
        cure: `./orchestrator.sh verify --only network.policies names the policy; ./orchestrator.sh deploy applies ${policyFile}`,
      },
    ],
    '',
  );
}

const show = ({ from, to }: Tried): string => `${from} → ${to}`;

function shown(all: readonly Tried[]): string {
  const more = all.length - mostShown;
  return [...all.slice(0, mostShown).map(show), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
