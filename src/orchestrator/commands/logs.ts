import { followClusterLogs, printClusterLogs } from '../cluster/log.follow.ts';
import { openSession, whereHelp, whereOptions } from '../cluster/session.ts';
import type { Command } from '../command.ts';
import { chooseWord, parseCommandLine } from '../command.ts';
import { UsageError, exitCodes } from '../failure.ts';
import { listenForInterrupt } from '../interrupt.ts';
import { componentNames } from '../local/ports.plan.ts';
import { openTerminal } from '../terminal.ts';

const services = ['api-gateway', 'inventory-app', 'billing-app'] as const;

const help = `./orchestrator.sh logs [NAME…] [--all] [-n N] [--since 10m] [--no-follow]

Follows the logs of the three services in the cluster until Ctrl-C, each line with its pod's name. Pods that come later,
by the autoscaler or a new version, are picked up. The logs of a system on this machine: ./orchestrator.sh local logs

  NAME         only these: ${componentNames.join(', ')}
  --all        databases and broker too
  -n N         how many of the lines that are there already, of each pod (20)
  --since 10m  those of the last s, m or h instead
  --no-follow  print them and end

${whereHelp}`;

export const logs: Command = {
  summary: 'follow the logs of the services in the cluster',
  help,
  words: componentNames,
  run: async (argv, context) => {
    const options = {
      ...whereOptions,
      all: { type: 'boolean', default: false },
      lines: { type: 'string', short: 'n' },
      since: { type: 'string' },
      'no-follow': { type: 'boolean', default: false },
    } as const;
    const { values, positionals } = parseCommandLine({ args: [...argv], options, allowPositionals: true });
    const range = rangeOf(values.lines, values.since);
    const named = positionals.map((name) => chooseWord('component', name, componentNames));
    if (values.all && named.length > 0) throw new UsageError('--all and NAME do not go together');
    const components = values.all ? componentNames : named.length > 0 ? named : services;
    using interruption = listenForInterrupt('./orchestrator.sh logs', () => undefined);
    const gone = new AbortController();
    // `| head` has seen enough.
    process.stdout.once('error', () => gone.abort(new Error('the reader has gone')));
    const signal = AbortSignal.any([interruption.signal, gone.signal]);
    const session = await openSession(values, context, signal);
    const show = values['no-follow'] ? printClusterLogs : followClusterLogs;
    const reading = show(await session.kubectl(), {
      components,
      range,
      screen: openTerminal(process.stdout, context.environment),
      print: (line) => void process.stdout.write(`${line}\n`),
      say: (line) => context.terminal.write(`${line}\n`),
      signal,
    });
    // Both are the usual end of it.
    await reading.catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    return exitCodes.ok.code;
  },
};

/** @throws UsageError */
function rangeOf(lines: string | undefined, since: string | undefined): string[] {
  if (lines !== undefined && !/^\d{1,6}$/.test(lines)) throw new UsageError('-n takes a number of lines');
  if (since !== undefined && !/^\d{1,5}[smh]$/.test(since))
    throw new UsageError('--since takes a time like 30s, 10m or 2h');
  if (since !== undefined) return [`--since=${since}`, ...(lines === undefined ? [] : [`--tail=${lines}`])];
  return [`--tail=${lines ?? 20}`];
}
