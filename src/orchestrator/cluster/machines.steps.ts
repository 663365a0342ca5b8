import { Failure } from '../failure.ts';
import { writePrivateFile } from '../files.ts';
import type { Step } from '../steps.ts';
import { currentContext, ownKubeconfig } from './kubeconfig.ts';
import { forgetCluster, kubeconfigFile, readRecord, writeRecord } from './record.ts';
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
      const known = await readRecord();
      // A cluster that is there looks for its own obstacles.
      if (provider.name !== 'kubeconfig' && (await areMachinesAbsent(session))) await requireGround(session);
      // Before anything is made: whoever is interrupted can destroy it.
      await writeRecord(record);
      try {
        const text = await provider.up({ ...session, say });
        await writePrivateFile(kubeconfigFile, ownKubeconfig(text));
        // What was the current context today may be another one tomorrow.
        if (provider.name === 'kubeconfig') await writeRecord({ context: currentContext(text), ...record });
      } catch (error) {
        // With nothing made, what the command line said binds nobody.
        if (await areMachinesAbsent(session)) await (known === undefined ? forgetCluster() : writeRecord(known));
        throw error;
      }
    },
  };
}

/** What makes no sense to begin without. @throws Failure missing-tool with every obstacle at once */
async function requireGround(session: Session): Promise<void> {
  const errors = (await session.provider.check(session)).filter(({ level }) => level === 'error');
  if (errors.length === 0) return;
  throw new Failure('missing-tool', errors.map(({ subject, message }) => `${subject}: ${message}`).join('\n'), {
    cure: errors.flatMap(({ cure }) => cure ?? []).join('\n  '),
  });
}

async function areMachinesAbsent(session: Session): Promise<boolean> {
  try {
    const machines = await session.provider.machines(session);
    return machines.every(({ state }) => state === 'absent');
  } catch (error) {
    // Without the tool that makes machines there are none; whatever else goes wrong tells nothing of them.
    return error instanceof Failure && error.kind === 'missing-tool';
  }
}
