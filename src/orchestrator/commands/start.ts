import { changeCluster, changeHelp, changeOptions, parseTimeout, timeoutHelp } from '../cluster/change.ts';
import { requireDeployed, waitUntilAnswering, waitUntilRolledOut } from '../cluster/deployment.ts';
import { upStep, useByHand } from '../cluster/machines.steps.ts';
import { nameOf } from '../cluster/objects.ts';
import type { Secret } from '../cluster/objects.ts';
import { requireNoMove } from '../cluster/move.state.ts';
import { tellPasswords } from '../cluster/passwords.ts';
import { inStopOrder, listWorkloads, partOfSystem, removeEndedPods, scale } from '../cluster/scale.ts';
import { whereHelp } from '../cluster/session.ts';
import type { Session } from '../cluster/session.ts';
import type { Command } from '../command.ts';
import { parseCommandLine } from '../command.ts';
import type { Step } from '../steps.ts';

const help = `./orchestrator.sh start [OPTION…]

Starts a stopped cluster: the machines, then the databases and the broker, then the services. The data is what it was.

${timeoutHelp}${changeHelp}
${whereHelp}`;

export const start: Command = {
  summary: 'start a stopped cluster',
  help,
  run: async (argv, context) => {
    const options = { ...changeOptions, timeout: { type: 'string' } } as const;
    const { values } = parseCommandLine({ args: [...argv], options });
    const rolloutTimeoutMs = parseTimeout(values.timeout);
    return changeCluster({
      command: 'start',
      values,
      context,
      needsCluster: true,
      steps: (session) => [upStep(session), podsStep(session, rolloutTimeoutMs), answersStep(session)],
      afterwards: useByHand,
      answer: 'cluster started',
    });
  },
};

/** The other way round than they were stopped; each group waits for the one before it. */
function podsStep(session: Session, rolloutTimeoutMs: number): Step {
  return {
    title: 'databases and broker, then the services',
    plan: () => ['scale everything that has no pods to one', 'wait until it is ready'],
    run: async (say) => {
      const kubectl = await session.kubectl();
      const workloads = await listWorkloads(kubectl);
      requireDeployed(workloads);
      await requireNoMove(kubectl);
      await removeEndedPods(kubectl);
      for (const group of inStopOrder(workloads).toReversed()) {
        const asleep = group.filter(({ spec }) => spec.replicas === 0);
        if (asleep.length > 0) say(`starting ${asleep.map(nameOf).join(', ')}`);
        await scale(kubectl, asleep, 1);
        await waitUntilRolledOut(session, group, rolloutTimeoutMs, say);
        if (group.some(({ metadata }) => metadata.name === 'rabbitmq')) {
          // The stores run by now: where a rotation was cut off, they learn of it before anybody connects.
          await tellPasswords(kubectl, await kubectl.list<Secret>('secrets', partOfSystem));
        }
      }
    },
  };
}

function answersStep(session: Session): Step {
  return {
    title: 'answers on every node',
    plan: () => ['wait until the gateway answers on every node'],
    run: (say) => waitUntilAnswering(session, say),
  };
}
