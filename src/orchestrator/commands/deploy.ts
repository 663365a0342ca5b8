import { changeCluster, changeHelp, changeOptions, parseTimeout, timeoutHelp } from '../cluster/change.ts';
import { deploySteps } from '../cluster/deployment.ts';
import { whereHelp } from '../cluster/session.ts';
import type { Command } from '../command.ts';
import { parseCommandLine } from '../command.ts';

const help = `./orchestrator.sh deploy [--tag TAG] [OPTION…]

Applies the manifests again and waits until all pods are of the new version and work. Pods are replaced one at a time, the
new one before the old one: no request is lost. What build has made since is taken; changed configuration makes new pods too.

  --tag TAG               of our images, instead of the version that stands in the manifests
${timeoutHelp}${changeHelp}
${whereHelp}`;

export const deploy: Command = {
  summary: 'apply the manifests again, rolling, without losing a request',
  help,
  run: async (argv, context) => {
    const options = { ...changeOptions, tag: { type: 'string' }, timeout: { type: 'string' } } as const;
    const { values } = parseCommandLine({ args: [...argv], options });
    const { tag } = values;
    const rolloutTimeoutMs = parseTimeout(values.timeout);
    return changeCluster({
      command: 'deploy',
      values,
      context,
      needsCluster: true,
      steps: (session) => deploySteps(session, { tag, rolloutTimeoutMs }),
      answer: 'deployed',
    });
  },
};
