import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Command, Context } from '../command.ts';
import { chooseWord, parseCommandLine } from '../command.ts';
import { pasteable } from '../exec.ts';
import { Failure, UsageError, exitCodes } from '../failure.ts';
import { repository } from '../files.ts';
import { listenForInterrupt } from '../interrupt.ts';
import { load as loadSystem } from '../load/load.ts';
import type { Plan } from '../load/load.ts';
import { mixNames } from '../load/mixes.ts';
import { openProgress } from '../load/progress.ts';
import { htmlReport } from '../load/report.html.ts';
import { textReport } from '../load/report.text.ts';
import type { LoadResult } from '../load/result.ts';
import { parseDuration, parseRate, parseStages } from '../load/stages.ts';
import { needsReplicas, parseThresholds } from '../load/thresholds.ts';
import { removeRows } from '../load/trace.ts';
import { some } from '../load/words.ts';
import { openTarget, targetHelp, targetOptions, targetWords } from '../target/open.ts';
import { openTerminal } from '../terminal.ts';

const [defaultRate, defaultDuration] = ['400', '120s'];

const help = `./orchestrator.sh load [local|cluster] [--rate N] [--duration 60s] [--threshold 'p95<250ms'] [--html FILE] [-o text|json]

Sends requests at a constant rate, whatever becomes of those before (an open model), and times each from the moment at which it
was due. Shows rate, latency and, on a cluster, the autoscalers' pods while it runs; ends with a report and a page with the
picture of it. On a cluster it goes on looking after the load until the autoscalers are back at rest.

  --rate N         requests per second (${defaultRate})
  --duration TIME  for how long: 90s, 2m, 1h (${defaultDuration})
  --stages LIST    several stages instead: '10s:50,60s:50-400,60s:400' is ten seconds at 50/s, a minute in which the rate rises
                   from 50 to 400/s, and a minute at 400/s
  --mix NAME       what is requested: mixed (half orders, a quarter lists of movies, a quarter new movies; the default), orders,
                   movies (three lists, one new movie), read (lists of movies, lists of orders)
  --threshold T    what must hold, else the exit code is ${exitCodes['promise-broken'].code}; several times:
                     p50, p95, p99, max   latency, such as p95<250ms; of all requests that were sent, whatever the answer
                     errors, dropped      such as errors<1% of what was due, or errors<=5; both are <1% when not given.
                                          Dropped is what was due and not sent, since 1,000 others still waited
                     rate                 good answers per second, such as rate>=195, or rate>=99% of what was due
                     replicas.max         the most pods of api-gateway that were ready, such as replicas.max>=3, and
                     replicas.end         how many at the end; on a cluster only
                   An order that was confirmed and is neither stored nor in the queue is always a failure.
  --no-cooldown    end with the load, without waiting for the autoscalers
  --keep           leave the movies and orders of the load there; they begin with load-
  --clean          remove what --keep, or a run that was killed, left there, and do nothing else
  --html FILE      where the page goes (.local/reports/load-TIME.html)
  -o FORMAT        text or json on stdout. The JSON has pass, interrupted, system, started, mix, loadSeconds, seconds, dueRate,
                   rate, thresholds (threshold, value, unit, pass), all, endpoints and stages (each with due, errors, dropped,
                   latencyMs: p50, p95, p99, max), answers (how often each came), generator (lateMs, busyPercent), warnings,
                   orders (confirmed, stored, lost), rows (orders, movies, removed), timeline (each second of the load) and
                   samples (seconds, pods: name, ready, wanted, cpuPercent, …, usage: name, cpuMillicores, memoryBytes)

${targetHelp}
Exit code 0 when all thresholds hold, ${exitCodes['promise-broken'].code} when one does not, ${exitCodes.interrupted.code} after Ctrl-C, which ends the load, removes its data and
still reports.
`;

const options = {
  ...targetOptions,
  rate: { type: 'string' },
  duration: { type: 'string' },
  stages: { type: 'string' },
  mix: { type: 'string', default: 'mixed' },
  threshold: { type: 'string', multiple: true, default: [] as string[] },
  'no-cooldown': { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  clean: { type: 'boolean', default: false },
  html: { type: 'string' },
  output: { type: 'string', short: 'o', default: 'text' },
} as const;

export const load: Command = {
  summary: 'send requests at a constant rate; show latency, and the pods of the autoscalers',
  help,
  words: [...targetWords, ...mixNames],
  run: async (argv, context) => {
    const { values, positionals } = parseCommandLine({ args: [...argv], options, allowPositionals: true });
    const format = chooseWord('output format', values.output, ['text', 'json']);
    const plan = planOf(values);
    const path = pagePath(values.html);
    const progress = openProgress(context.terminal);
    using interruption = listenForInterrupt('./orchestrator.sh load', progress.say);
    const { signal } = interruption;
    // Not the interruption's signal: what the load made is removed after a Ctrl-C as well.
    await using target = await openTarget(positionals, values, context, new AbortController().signal);
    if (values.clean) {
      const { orders, movies } = await removeRows(target);
      process.stdout.write(`removed ${some(orders, 'order')} and ${some(movies, 'movie')}\n`);
      return exitCodes.ok.code;
    }
    if (target.kind === 'local' && plan.thresholds.some(needsReplicas)) {
      throw new UsageError('replicas are counted on a cluster only: leave that threshold out, or say cluster');
    }
    await requireWritable(path);
    const result = await loadSystem(target, plan, progress, signal).finally(() => progress.close());
    await writeFile(path, htmlReport(result, pasteable(['./orchestrator.sh', 'load', ...argv])));
    print(result, format, path, context);
    requireTidy(result);
    if (result.interrupted) return exitCodes.interrupted.code;
    return exitCodes[result.pass ? 'ok' : 'promise-broken'].code;
  },
};

interface Values {
  rate?: string | undefined;
  duration?: string | undefined;
  stages?: string | undefined;
  mix: string;
  threshold: string[];
  keep: boolean;
  'no-cooldown': boolean;
}

/** @throws UsageError */
function planOf({ rate, duration, stages, mix, threshold, keep, 'no-cooldown': noCooldown }: Values): Plan {
  if (stages !== undefined && (rate !== undefined || duration !== undefined)) {
    throw new UsageError('--stages says rates and durations already: leave out --rate and --duration');
  }
  const [from, durationMs] = [parseRate(rate ?? defaultRate), parseDuration(duration ?? defaultDuration)];
  return {
    stages: stages === undefined ? [{ durationMs, from, to: from }] : parseStages(stages),
    mix: chooseWord('mix', mix, mixNames),
    thresholds: parseThresholds(threshold),
    keep,
    cooldown: !noCooldown,
  };
}

/** @throws UsageError */
function pagePath(file: string | undefined): string {
  if (file === '') throw new UsageError('--html takes the name of a file');
  const name = `load-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.html`;
  return file === undefined ? join(repository, '.local/reports', name) : resolve(file);
}

/** Before the load rather than after it. @throws Failure not-writable */
async function requireWritable(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await (await open(path, 'a')).close();
  } catch (cause) {
    throw new Failure('not-writable', `The page cannot be written: ${(cause as Error).message}`, {
      cause,
      cure: 'Name another file: --html FILE',
    });
  }
}

function print(result: LoadResult, format: 'text' | 'json', path: string, { terminal, environment }: Context): void {
  const screen = openTerminal(process.stdout, environment);
  const text = format === 'json' ? JSON.stringify(result, undefined, 2) : textReport(result, screen).join('\n');
  process.stdout.write(`${text}\n`);
  if (format === 'json') terminal.write(`report: ${path}\n`);
  else process.stdout.write(`\nreport: ${path}\n`);
}

/** A load that went well, and whose data could not be removed, has not. @throws Failure */
function requireTidy({ rows: { problem }, pass, interrupted }: LoadResult): void {
  if (problem === undefined || !pass || interrupted) return;
  throw new Failure('not-running', `What the load made could not be removed: ${problem}`, {
    cure: './orchestrator.sh load --clean',
  });
}
