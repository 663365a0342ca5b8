import { changeCluster, changeHelp, changeOptions, parseTimeout, timeoutHelp } from '../cluster/change.ts';
import { deploySteps } from '../cluster/deployment.ts';
import { imagesStep } from '../cluster/images.steps.ts';
import { upStep, useByHand } from '../cluster/machines.steps.ts';
import { whereHelp } from '../cluster/session.ts';
import type { Command } from '../command.ts';
import { parseCommandLine } from '../command.ts';

const help = `./orchestrator.sh create [--provider NAME] [OPTION…]

Makes a cluster of two machines with K3s, brings the system into it, and waits until all of it really answers. Run again, it
goes on where it stopped, or brings the cluster back to what the files say.

  --tag TAG               of our images, instead of the version that stands in the manifests
${timeoutHelp}${changeHelp}
${whereHelp}
Images: with DOCKER_HUB_USERNAME set, the nodes pull yours from Docker Hub (./orchestrator.sh build publishes them).
Without it they are built here and loaded into the nodes.
Credentials: the demonstration values of Manifests/secrets.yaml are replaced by random ones in the cluster
(./orchestrator.sh secrets show).
`;

export const create: Command = {
  summary: 'make the cluster, bring the system into it, wait until it answers',
  help,
  run: async (argv, context) => {
    const options = { ...changeOptions, tag: { type: 'string' }, timeout: { type: 'string' } } as const;
    const { values } = parseCommandLine({ args: [...argv], options });
    const { tag } = values;
    const rolloutTimeoutMs = parseTimeout(values.timeout);
    return changeCluster({
      command: 'create',
      values,
      context,
      steps: (session) => [
        upStep(session),
        imagesStep(session, tag),
        ...deploySteps(session, { tag, rolloutTimeoutMs }),
      ],
      afterwards: useByHand,
      answer: 'cluster created',
    });
  },
};
