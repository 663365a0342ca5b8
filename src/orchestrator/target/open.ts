import { resolve } from 'node:path';
import { readRecord } from '../cluster/record.ts';
import { openSession, whereHelp, whereOptions } from '../cluster/session.ts';
import type { WhereValues } from '../cluster/session.ts';
import type { Context } from '../command.ts';
import { chooseWord } from '../command.ts';
import { Failure, UsageError } from '../failure.ts';
import { connectControl } from '../local/control.ts';
import { commandOn, defaultDataFolder } from '../local/data-folder.ts';
import { openClusterSystem } from './cluster.ts';
import { openLocalSystem } from './local.ts';
import type { Target } from './target.ts';

/** The options by which a command says which running system is meant, for `parseCommandLine`. */
export const targetOptions = { ...whereOptions, data: { type: 'string' } } as const;

export type TargetValues = WhereValues & { data?: string | undefined };

/** The words that can stand in front of them. */
export const targetWords = ['local', 'cluster'] as const;

/** The same for `--help`. */
export const targetHelp = `Which system:
  local         the one on this machine (./orchestrator.sh local); --data DIR when it has a folder of its own
  cluster       the one on the cluster
                The one that is there when neither is said.

${whereHelp}`;

/**
 * The running system that is meant: what the command line says, else the one that there is. Shown on the terminal.
 * @throws UsageError when there are both and none was named, or the options do not fit
 * @throws Failure not-running, unreachable
 */
export async function openTarget(
  words: readonly string[],
  values: TargetValues,
  context: Context,
  signal: AbortSignal,
): Promise<Target> {
  if (words.length > 1) throw new UsageError(`one argument too many: ${words[1]}`);
  const dir = resolve(values.data ?? defaultDataFolder);
  const kind = words[0] === undefined ? await findKind(values, dir) : chooseWord('system', words[0], targetWords);
  if (kind === 'cluster') {
    if (values.data !== undefined) throw new UsageError('--data belongs to local, not to cluster');
    return openClusterSystem(await openSession(values, context, signal));
  }
  const foreign = clusterOptions(values)[0];
  if (foreign !== undefined) throw new UsageError(`--${foreign} belongs to cluster, not to local`);
  const system = await openLocalSystem(dir);
  context.terminal.write(`system: ${system.name}\n`);
  return system;
}

const clusterOptions = (values: TargetValues): string[] =>
  Object.keys(whereOptions).filter((option) => values[option as keyof typeof whereOptions] !== undefined);

async function findKind(values: TargetValues, dir: string): Promise<(typeof targetWords)[number]> {
  if (values.data !== undefined) return 'local';
  if (clusterOptions(values).length > 0) return 'cluster';
  const isCreated = (await readRecord()) !== undefined;
  const isLocal = await connectControl(dir).then(
    () => true,
    () => false,
  );
  if (isCreated && isLocal)
    throw new UsageError('there is a system on this machine and one on a cluster: say local or cluster');
  if (isCreated) return 'cluster';
  if (isLocal) return 'local';
  throw new Failure('not-running', 'No system runs: neither on this machine nor on a cluster.', {
    cure: `${commandOn(dir)}   # on this machine, or on a cluster: ./orchestrator.sh create`,
  });
}
