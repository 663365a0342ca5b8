import { writeFile } from 'node:fs/promises';
import type { Command, Context } from '../command.ts';
import { chooseWord, parseCommandLine } from '../command.ts';
import { Failure, UsageError, exitCodes } from '../failure.ts';
import { listenForInterrupt } from '../interrupt.ts';
import { lockTarget } from '../target/lock.ts';
import { openTarget, targetHelp, targetOptions, targetWords } from '../target/open.ts';
import { openTerminal } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { allChecks } from '../verify/checks.ts';
import { chooseChecks } from '../verify/choose.ts';
import type { Check } from '../verify/check.ts';
import { htmlReport } from '../verify/report.html.ts';
import { jsonReport } from '../verify/report.json.ts';
import { junitReport } from '../verify/report.junit.ts';
import { createTextReport, endLines } from '../verify/report.text.ts';
import { tally } from '../verify/report.ts';
import { walk } from '../verify/walk.ts';
import type { Found } from '../verify/walk.ts';

const help = `./orchestrator.sh verify [local|cluster] [--only ID…] [--skip ID…] [--gentle] [-o text|json|junit] [--html FILE]

Walks every promise of the system against the one that runs: requests, messages, tables, what is stopped, killed and started
again. One line for each promise: pass, FAIL with what was seen and where to look, or n/a with the reason. It leaves no trace:
its movies and orders begin with verify- and are removed, also those of a run that was killed.

  --only ID     look at this one alone; several with commas between, or a group such as movies
  --skip ID     leave this one out; the same
  --gentle      leave out what stops or restarts parts of the system
  --list        show all ids with their promises, and look at nothing
  --verbose     show the evidence of what passed, too
  -o FORMAT     text, json or junit on stdout
  --html FILE   write the report as a page, too

${targetHelp}
Exit code 0 when nothing failed, ${exitCodes['promise-broken'].code} when a promise is broken, ${exitCodes.interrupted.code} after Ctrl-C, which cleans up first.
`;

const options = {
  ...targetOptions,
  only: { type: 'string', multiple: true, default: [] as string[] },
  skip: { type: 'string', multiple: true, default: [] as string[] },
  gentle: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
  output: { type: 'string', short: 'o', default: 'text' },
  html: { type: 'string' },
} as const;

export const verify: Command = {
  summary: 'walk every promise against the running system: pass, or fail with evidence and cure',
  help,
  words: targetWords,
  run: async (argv, context) => {
    const { values, positionals } = parseCommandLine({ args: [...argv], options, allowPositionals: true });
    const format = chooseWord('output format', values.output, ['text', 'json', 'junit']);
    const checks = chooseChecks(allChecks, values.only, values.skip);
    if (values.list) return list(checks);
    if (values.html === '') throw new UsageError('--html takes the name of a file');
    using interruption = listenForInterrupt('./orchestrator.sh verify', (line) => context.terminal.write(`${line}\n`));
    // Not the interruption's signal: what a check has stopped is started again after a Ctrl-C as well.
    await using target = await openTarget(positionals, values, context, new AbortController().signal);
    using _lock = await lockTarget(target, 'verify');
    const shown = { ...values, format, context, signal: interruption.signal };
    const found = await walkAndShow(target, checks, shown);
    if (values.html !== undefined) await writeReport(values.html, htmlReport(found), context);
    if (found.notLookedAt.length > 0) interruption.signal.throwIfAborted();
    return exitCodes[tally(found.looked).failed === 0 ? 'ok' : 'promise-broken'].code;
  },
};

interface Shown {
  format: 'text' | 'json' | 'junit';
  gentle: boolean;
  verbose: boolean;
  signal: AbortSignal;
  context: Context;
}

async function walkAndShow(
  target: Parameters<typeof walk>[0],
  checks: readonly Check[],
  { format, gentle, verbose, signal, context: { terminal, environment } }: Shown,
): Promise<Found> {
  const screen = openTerminal(process.stdout, environment);
  const text = createTextReport(checks, screen, { verbose });
  const print = (lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);
  const { begin, say, end } = progress(terminal);
  const found = await walk(target, checks, {
    gentle,
    signal,
    say,
    onCheck: ({ id }) => begin(id),
    onLooked: (looked) => {
      end();
      if (format === 'text') print(text.lines(looked));
      else terminal.write(`${looked.outcome.result}: ${looked.check.id}\n`);
    },
  });
  end();
  if (format === 'text') print(endLines(found, screen));
  else process.stdout.write(format === 'json' ? jsonReport(found) : junitReport(found));
  return found;
}

/** What the walk is at: on a terminal one line that goes away again, else a line for what takes long. */
function progress(terminal: Terminal): {
  begin: (id: string) => void;
  say: (line: string) => void;
  end: () => void;
} {
  const erase = '\r\u001B[K';
  let current = '';
  const { live } = terminal;
  // A terminal that does not know its width says 0.
  const show = (line: string): void => terminal.write(`${erase}${line.slice(0, (terminal.columns() || 80) - 1)}`);
  return {
    begin: (id) => {
      current = id;
      if (live) show(`… ${id}`);
    },
    say: (line) => (live ? show(`… ${current} ${line}`) : terminal.write(`      ${line}\n`)),
    end: () => {
      if (live) terminal.write(erase);
    },
  };
}

function list(checks: readonly Check[]): number {
  const width = Math.max(...checks.map(({ id }) => id.length));
  const lines = checks.map(({ id, promise }) => `${id.padEnd(width)}  ${promise}`);
  process.stdout.write(`${lines.join('\n')}\n`);
  return exitCodes.ok.code;
}

async function writeReport(path: string, page: string, { terminal }: Context): Promise<void> {
  try {
    await writeFile(path, page);
  } catch (cause) {
    throw new Failure('not-writable', `The report could not be written: ${(cause as Error).message}`, {
      cause,
      cure: 'Name another file: --html FILE',
    });
  }
  terminal.write(`report: ${path}\n`);
}
