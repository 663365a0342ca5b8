import { CommandError } from '../../exec.ts';
import type { Kubectl } from '../../cluster/kubectl.ts';
import type { Check } from '../check.ts';
import { Broken, expect } from '../promise.ts';
import { ofObjects, onCluster } from './live.ts';
import { decideHardened, decideRestricted, enforceCure, enforcedLevel } from './security.ts';

export const securityChecks: readonly Check[] = [
  onCluster({
    id: 'security.enforced',
    promise: 'The namespace enforces Pod Security "restricted": the cluster refuses a pod that may be root',
    cure: enforceCure,
    look: async ({ kubectl }) => {
      const level = enforcedLevel(await kubectl.list('namespaces'));
      expect(level === 'restricted', `the namespace enforces ${level ?? 'nothing'}`, enforceCure);
      const refusal = await refusalOf(kubectl);
      const cure = 'The API server must have its admission plugin PodSecurity switched on, as it is by default.';
      expect(refusal !== undefined, 'a pod that may be root was taken (dry run), whatever the label says', cure);
      return `a pod that may be root: ${refusal}`;
    },
  }),
  ofObjects({
    id: 'security.restricted',
    promise: 'Every pod keeps to Pod Security "restricted": no root, no privileges, no access to its node',
    resources: 'pods',
    decide: decideRestricted,
  }),
  ofObjects({
    id: 'security.hardened',
    promise: 'No pod has a token for the API server, variables from Services, or a root file system that it can write',
    resources: 'pods',
    decide: decideHardened,
  }),
];

/** As a pod is that nobody has thought about; "baseline" would take it. */
const carelessPod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'verify-careless' },
  spec: { containers: [{ name: 'careless', image: 'busybox:1' }] },
};

/** What the cluster says against that pod; undefined when it would take it. Nothing is made. */
async function refusalOf(kubectl: Kubectl): Promise<string | undefined> {
  try {
    const argv = ['create', '--dry-run=server', '-f', '-'];
    await kubectl.run(argv, { input: JSON.stringify(carelessPod) });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const [said] = /violates PodSecurity "restricted[^\n]*/.exec(error.output) ?? [];
    if (said === undefined) throw new Broken(`a pod was refused for another reason: ${error.output.trim()}`);
    return said.split(',', 1)[0];
  }
}
