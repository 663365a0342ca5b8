import { changeCluster, changeHelp, changeOptions, parseTimeout, timeoutHelp } from '../cluster/change.ts';
import { demonstrationSecrets, valuesOf } from '../cluster/credentials.ts';
import { deploySteps } from '../cluster/deployment.ts';
import { readManifests } from '../cluster/manifests.ts';
import { isSecret } from '../cluster/objects.ts';
import type { Secret } from '../cluster/objects.ts';
import { partOfSystem } from '../cluster/scale.ts';
import { openSession, whereOptions, whereHelp } from '../cluster/session.ts';
import type { Command, Context } from '../command.ts';
import { chooseWord, parseCommandLine } from '../command.ts';
import { UsageError, exitCodes } from '../failure.ts';
import { listenForInterrupt } from '../interrupt.ts';
import { alignColumns } from '../terminal.ts';

const help = `./orchestrator.sh secrets show [-o json]
./orchestrator.sh secrets rotate [OPTION…]

show prints every user and password of the system, as the cluster has them. rotate makes all passwords anew: first where they
are kept, then in the running databases and the broker, while new pods of the services start. No order is lost.

${timeoutHelp}${changeHelp}
${whereHelp}`;

const actions = ['show', 'rotate'] as const;

export const secrets: Command = {
  summary: 'show the passwords of the system, or change them all',
  help,
  words: actions,
  run: (argv, context) => {
    const [word, ...rest] = argv;
    const action = chooseWord('sub-command of secrets', word, actions);
    return action === 'show' ? show(rest, context) : rotate(rest, context);
  },
};

async function show(argv: readonly string[], context: Context): Promise<number> {
  const options = { ...whereOptions, output: { type: 'string', short: 'o', default: 'table' } } as const;
  const { values } = parseCommandLine({ args: [...argv], options });
  const format = chooseWord('output format', values.output, ['table', 'json']);
  using interruption = listenForInterrupt('', () => undefined);
  const session = await openSession(values, context, interruption.signal);
  const existing = await (await session.kubectl()).list<Secret>('secrets', partOfSystem);
  const published = demonstrationSecrets((await readManifests()).filter(isSecret), existing);
  const entries = existing.map((secret) => [secret.metadata.name, valuesOf(secret)] as const);
  if (format === 'json') {
    process.stdout.write(`${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`);
  } else {
    const rows = entries.flatMap(([name, data]) => Object.entries(data).map(([key, value]) => [name, key, value]));
    process.stdout.write(`${alignColumns([['SECRET', 'KEY', 'VALUE'], ...rows]).join('\n')}\n`);
  }
  if (published.length > 0) {
    context.terminal.write(
      `Everybody can read these in the repository: the passwords of ${published.join(', ')}\n  ./orchestrator.sh secrets rotate changes them\n`,
    );
  }
  return exitCodes.ok.code;
}

async function rotate(argv: readonly string[], context: Context): Promise<number> {
  const options = { ...changeOptions, timeout: { type: 'string' } } as const;
  const { values, positionals } = parseCommandLine({ args: [...argv], options, allowPositionals: true });
  if (positionals[0] !== undefined) throw new UsageError(`one argument too many: ${positionals[0]}`);
  const fresh = (await readManifests()).filter(isSecret).map(({ metadata }) => metadata.name);
  return changeCluster({
    command: 'secrets rotate',
    values,
    context,
    needsCluster: true,
    steps: (session) => deploySteps(session, { rolloutTimeoutMs: parseTimeout(values.timeout), fresh }),
    answer: 'secrets rotated',
  });
}
