import { setTimeout as sleep } from 'node:timers/promises';
import { openSession, whereHelp, whereOptions } from '../cluster/session.ts';
import { readStatus } from '../status/status.ts';
import type { ClusterStatus } from '../status/status.ts';
import { statusTable } from '../status/table.ts';
import type { Command } from '../command.ts';
import { chooseWord, parseCommandLine } from '../command.ts';
import { exitCodes } from '../failure.ts';
import { listenForInterrupt } from '../interrupt.ts';
import { openTerminal } from '../terminal.ts';

const help = `./orchestrator.sh status [-o table|json] [--watch]

Shows machines, nodes, pods, autoscalers, volumes, queues, whether the gateway answers, and the last warnings. Then what is
wrong: each cause once, with commands that cure it.

  -o json      the same as one JSON object: provider, reachable, healthy, machines, nodes, pods, autoscalers, volumes,
               queues (absent while the broker is away), gateway, demonstrationSecrets, events, findings.
               A finding has level, subject, message and cure; those of the cluster also explains (the names of what
               suffers), final (waiting is in vain) and evidence
  -w, --watch  look again every 2 s until Ctrl-C; with -o json one line each time

Exit code 0 when nothing is an error, ${exitCodes.unhealthy.code} when something is, ${exitCodes.unreachable.code} when the cluster does not answer or there is none.

${whereHelp}`;

const watchEveryMs = 2_000;

export const status: Command = {
  summary: 'show the cluster and the system on it, and what is wrong, with its cure',
  help,
  run: async (argv, context) => {
    const options = {
      ...whereOptions,
      output: { type: 'string', short: 'o', default: 'table' },
      watch: { type: 'boolean', short: 'w', default: false },
    } as const;
    const { values } = parseCommandLine({ args: [...argv], options });
    const format = chooseWord('output format', values.output, ['table', 'json']);
    const screen = openTerminal(process.stdout, context.environment);
    const write = (text: string): void => void process.stdout.write(text);
    const show = (seen: ClusterStatus): void => {
      if (format === 'json') return write(`${JSON.stringify(seen, undefined, values.watch ? undefined : 2)}\n`);
      const clear = values.watch && screen.live ? '\u001B[H\u001B[2J' : '';
      write(`${clear}${statusTable(seen, screen, Date.now()).join('\n')}\n`);
      if (values.watch && !screen.live) write('\n');
    };
    using interruption = listenForInterrupt('./orchestrator.sh status', () => undefined);
    const { signal } = interruption;
    const gone = new AbortController();
    // `| head` has seen enough.
    process.stdout.once('error', () => gone.abort());
    const enough = AbortSignal.any([signal, gone.signal]);
    const session = await openSession(values, context, signal);
    let seen = await readStatus(session);
    show(seen);
    while (values.watch && !enough.aborted) {
      await sleep(watchEveryMs, undefined, { signal: enough }).catch(() => undefined);
      const next = enough.aborted
        ? undefined
        : await readStatus(session).catch((error: unknown) => {
            if (!signal.aborted) throw error;
          });
      if (next !== undefined) show((seen = next));
    }
    return exitCodes[exitOf(seen)].code;
  },
};

const exitOf = ({ reachable, healthy }: ClusterStatus): 'ok' | 'unhealthy' | 'unreachable' =>
  reachable ? (healthy ? 'ok' : 'unhealthy') : 'unreachable';
