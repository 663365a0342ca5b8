import { changeCluster, changeHelp, changeOptions, parseTimeout, timeoutHelp } from '../cluster/change.ts';
import { storeNames } from '../cluster/move.objects.ts';
import { moveSteps } from '../cluster/move.ts';
import { whereHelp } from '../cluster/session.ts';
import type { Command } from '../command.ts';
import { chooseWord, parseCommandLine } from '../command.ts';
import { UsageError } from '../failure.ts';

const help = `./orchestrator.sh move NAME [NODE] [OPTION…]

Moves a database or the broker with its data to another node. K3s keeps a volume in a folder of one node: its pod can run
there only, and waits while that node is away or drained. (With a storage class that every node reaches, pods move by
themselves.) The component is stopped meanwhile; orders are refused (broker) or wait in the queue (billing-database).

NAME is one of ${storeNames.join(', ')}. NODE may be left out where there is one other.

${timeoutHelp}${changeHelp}
${whereHelp}`;

export const move: Command = {
  summary: 'move a database or the broker with its data to another node',
  help,
  words: storeNames,
  run: async (argv, context) => {
    const options = { ...changeOptions, timeout: { type: 'string' } } as const;
    const { values, positionals } = parseCommandLine({ args: [...argv], options, allowPositionals: true });
    const [word, node, ...others] = positionals;
    const name = chooseWord('component', word, storeNames);
    if (others[0] !== undefined) throw new UsageError(`one argument too many: ${others[0]}`);
    const rolloutTimeoutMs = parseTimeout(values.timeout);
    return changeCluster({
      command: `move ${name}`,
      values,
      context,
      needsCluster: true,
      steps: (session) => moveSteps(session, name, node, rolloutTimeoutMs),
      answer: `${name} moved`,
    });
  },
};
