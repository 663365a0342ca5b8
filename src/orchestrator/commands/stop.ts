import { changeCluster, changeHelp, changeOptions } from '../cluster/change.ts';
import { failRollout } from '../cluster/explain.ts';
import { stopWorkloads } from '../cluster/scale.ts';
import { whereHelp } from '../cluster/session.ts';
import type { Session } from '../cluster/session.ts';
import type { Command } from '../command.ts';
import { parseCommandLine } from '../command.ts';
import { Failure } from '../failure.ts';
import type { Step } from '../steps.ts';
import { DeadlineError } from '../wait.ts';

const help = `./orchestrator.sh stop [OPTION…]

Stops the pods in order, the gateway first and the databases last, then the machines. All data stays;
./orchestrator.sh start goes on with it. Orders that were taken and not yet stored wait in the queue, on disk.

${changeHelp}
${whereHelp}`;

export const stop: Command = {
  summary: 'stop the cluster in order, keeping all data',
  help,
  run: async (argv, context) => {
    const { values } = parseCommandLine({ args: [...argv], options: changeOptions });
    return changeCluster({
      command: 'stop',
      values,
      context,
      needsCluster: true,
      steps: (session) => [podsStep(session), haltStep(session)],
      answer: 'cluster stopped',
    });
  },
};

function podsStep(session: Session): Step {
  return {
    title: 'pods',
    plan: () => ['scale everything to none: gateway, services, broker, databases'],
    run: async (say) => {
      try {
        await stopWorkloads(await session.kubectl(), say, session.signal);
      } catch (error) {
        if (error instanceof DeadlineError) throw await failRollout(await session.kubectl(), error.message);
        // Machines can be stopped all the same; the pods end with them.
        const isAway = error instanceof Failure && error.kind === 'unreachable';
        if (!isAway || session.provider.name === 'kubeconfig') throw error;
        say(`the pods could not be stopped in order: ${error.message}`);
      }
    },
  };
}

function haltStep(session: Session): Step {
  return {
    title: 'machines',
    plan: () => session.provider.plan('halt', session),
    run: (say) => session.provider.halt({ ...session, say }),
  };
}
