import { writePrivateFile } from '../files.ts';
import type { Step } from '../steps.ts';
import { ownKubeconfig } from './kubeconfig.ts';
import { kubeconfigFile, writeRecord } from './record.ts';
import type { Session } from './session.ts';

/** What is said when the cluster can be used by hand. */
export const useByHand = `To use kubectl on it: export KUBECONFIG='${kubeconfigFile}'`;

/** Machines and Kubernetes run, and `k3s.yaml` leads to them. */
export function upStep(session: Session): Step {
  const { provider, record } = session;
  return {
    title: 'machines and Kubernetes',
    plan: async () => [...(await provider.plan('up', session)), `write ${kubeconfigFile}`],
    run: async (say) => {
      // Before anything is made: whoever is interrupted can destroy it.
      await writeRecord(record);
      const text = await provider.up({ ...session, say });
      await writePrivateFile(kubeconfigFile, ownKubeconfig(text));
    },
  };
}
