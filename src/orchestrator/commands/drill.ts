import { randomBytes, randomInt } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command, Context } from '../command.ts';
import { chooseWord, parseCommandLine } from '../command.ts';
import type { PlannedFault } from '../drill/plan.ts';
import { planFaults } from '../drill/plan.ts';
import { faults } from '../drill/faults.ts';
import { openMender } from '../drill/mend.ts';
import { htmlReport } from '../drill/report.html.ts';
import { resultOf } from '../drill/result.ts';
import type { Result } from '../drill/result.ts';
import { runDrill } from '../drill/run.ts';
import { readRows, removeRows, settle } from '../drill/settle.ts';
import { judgeDrill } from '../drill/verdict.ts';
import { untilWhole } from '../drill/whole.ts';
import { pasteable } from '../exec.ts';
import { Failure, UsageError, exitCodes } from '../failure.ts';
import { repository } from '../files.ts';
import { listenForInterrupt } from '../interrupt.ts';
import { lockTarget } from '../target/lock.ts';
import { openTarget, targetHelp, targetOptions, targetWords } from '../target/open.ts';
import type { Target } from '../target/target.ts';
import { alignColumns } from '../terminal.ts';

const defaultOrders = 20_000;
const defaultRate = { local: 100, cluster: 50 };
/** A fault every so many seconds, when --faults does not say how many: a pod takes longer than a process. */
const secondsPerFault = { local: 8, cluster: 25 };
const wholeTimeoutMs = 30_000;

const help = `./orchestrator.sh drill [local|cluster] [--orders N] [--rate N] [--faults N] [--seed N] [-o text|json]

Breaks parts of the running system on purpose, one after the other, while orders come in at a constant rate. Then it waits until
the queue is empty and compares every order that it sent with every row: a confirmed order must be stored exactly once, as it
was sent. What it broke it mends, also after Ctrl-C; after a kill, the next drill does. Nobody else should use the system.

  --orders N       how many at least (${defaultOrders}); it goes on until all faults are through
  --rate N         orders per second (${defaultRate.local}, on a cluster ${defaultRate.cluster})
  --faults N       how many faults (one each ${secondsPerFault.local} s, on a cluster ${secondsPerFault.cluster} s)
  --seed N         the same seed gives the same faults at the same moments; a fresh one when absent
  --only, --skip   names of faults, with commas
  --at S:FAULT     a fault at a moment of yours, in seconds from the first order; several times, in place of the seed's
  --list           explain each fault, and do nothing
  --dry-run        show the plan, and do nothing
  --restore        mend what a killed drill has left broken, remove its orders, and do nothing else
  --keep           leave the orders in the table; their user_id begins with drill-
  -o FORMAT        text or json on stdout: a line for each fault, and at last
                   {"verdict":"pass|fail","ledger":{"attempted","confirmed","unknown","stored","lost","doubled",
                   "corrupted","recovered"},"faults","seed"}

One order in ten has an Idempotency-Key and is sent again until it is confirmed; it counts once. "unknown" are orders whose sender
was left without a certain answer; they may be stored ("recovered") or not. The ledger, the plan and a page with the picture are
kept in .local/drills.

${targetHelp}
Exit code 0 when the verdict is pass, ${exitCodes['promise-broken'].code} when it is fail, ${exitCodes.unhealthy.code} when the system is not whole to begin with.
`;

const options = {
  ...targetOptions,
  orders: { type: 'string' },
  rate: { type: 'string' },
  faults: { type: 'string' },
  seed: { type: 'string' },
  only: { type: 'string', default: '' },
  skip: { type: 'string', default: '' },
  at: { type: 'string', multiple: true, default: [] as string[] },
  list: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  restore: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  output: { type: 'string', short: 'o', default: 'text' },
} as const;

const print = (text: string): void => void process.stdout.write(`${text}\n`);

export const drill: Command = {
  summary: 'break parts of the system under load, and prove that no confirmed order is lost or doubled',
  help,
  words: targetWords,
  run: async (argv, context) => {
    const { values, positionals } = parseCommandLine({ args: [...argv], options, allowPositionals: true });
    const isJson = chooseWord('output format', values.output, ['text', 'json']) === 'json';
    if (values.list) {
      print(alignColumns(faults.map((fault) => [fault.name, placesOf(fault), fault.explains])).join('\n'));
      return exitCodes.ok.code;
    }
    const say = (line: string): void => context.terminal.write(`${line}\n`);
    using interruption = listenForInterrupt('./orchestrator.sh drill --restore', say);
    const { signal } = interruption;
    // Not the interruption's signal: what was broken is mended after a Ctrl-C as well.
    await using target = await openTarget(positionals, values, context, new AbortController().signal);
    const chosen = choose(values, target.kind);
    const again = pasteable(['./orchestrator.sh', 'drill', target.kind, ...againOptions(chosen, values)]);
    if (values['dry-run']) {
      print([again, ...chosen.plan.map(({ at, fault }) => `${at.toFixed(1)} s  ${fault.name}`)].join('\n'));
      return exitCodes.ok.code;
    }
    using _lock = await lockTarget(target, 'drill');
    const mender = await openMender(target);
    const mended = await mender.mendAll();
    if (mended > 0) say(`mended ${mended} things that an earlier drill had left broken`);
    if (values.restore) {
      const removed = await removeRows(target, 'drill');
      print(isJson ? JSON.stringify({ mended, removed }) : `mended ${mended}, removed ${removed} orders`);
      return exitCodes.ok.code;
    }
    await requireWhole(target, signal);
    const started = new Date();
    const folder = join(
      repository,
      '.local/drills',
      `${started.toISOString().slice(0, 19).replaceAll(':', '-')}-${chosen.seed}`,
    );
    await mkdir(folder, { recursive: true });
    const run = `drill-${randomBytes(4).toString('hex')}`;
    say(
      `seed ${chosen.seed}: ${chosen.orders} orders at ${chosen.rate}/s, ${chosen.plan.length} faults; again: ${again}`,
    );
    const went = await runDrill(target, {
      run,
      orders: chosen.orders,
      perSecond: chosen.rate,
      plan: chosen.plan,
      file: join(folder, 'ledger.csv'),
      mender,
      signal,
      say,
      onFault: (fault) => {
        if (isJson) print(JSON.stringify({ fault }));
        const { problem = fault.leftOut } = fault;
        const remark = problem === undefined ? '' : `: ${problem}`;
        const back =
          fault.recovered === undefined
            ? 'not whole in time'
            : `whole after ${(fault.recovered - fault.to).toFixed(1)} s`;
        say(`${fault.from} s: ${fault.name}${remark}, ${back}`);
      },
    });
    signal.throwIfAborted();
    say('waiting until all is stored');
    await settle(target, run, went.sender.ledger.confirmed, mender, signal);
    const judged = await judgeDrill(went.sender, readRows(target, run), went.faults);
    const result = resultOf(target, went, judged, chosen.seed, started);
    await writeFile(join(folder, 'run.json'), `${JSON.stringify({ again, ...result }, undefined, 2)}\n`);
    await writeFile(join(folder, 'report.html'), htmlReport(result, went, again));
    if (judged.pass && !values.keep) await removeRows(target, run);
    tell(result, folder, isJson, context);
    return exitCodes[judged.pass ? 'ok' : 'promise-broken'].code;
  },
};

const placesOf = (fault: (typeof faults)[number]): string =>
  fault.local === undefined ? 'cluster' : fault.cluster === undefined ? 'local' : 'local, cluster';

interface Chosen {
  seed: number;
  orders: number;
  rate: number;
  plan: PlannedFault[];
}

type Values = ReturnType<typeof parseCommandLine<{ options: typeof options }>>['values'];

/** @throws UsageError */
function choose(values: Values, kind: Target['kind']): Chosen {
  const number = (option: 'orders' | 'rate' | 'faults' | 'seed', most: number, otherwise: number): number => {
    const text = values[option];
    if (text === undefined) return otherwise;
    if (
      /^\d{1,10}$/.test(text) &&
      Number(text) <= most &&
      (Number(text) > 0 || option === 'seed' || option === 'faults')
    )
      return Number(text);
    throw new UsageError(`--${option} takes a whole number up to ${most}, not ${text}`);
  };
  const names = (text: string): string[] => text.split(',').filter((name) => name !== '');
  const orders = number('orders', 50_000_000, defaultOrders);
  const rate = number('rate', 20_000, defaultRate[kind]);
  const seed = number('seed', 4_294_967_295, randomInt(2 ** 31));
  const seconds = orders / rate;
  const count = number('faults', 100_000, Math.max(1, Math.floor(seconds / secondsPerFault[kind])));
  const [only, skip] = [names(values.only), names(values.skip)];
  const plan =
    count === 0 && values.at.length === 0 ? [] : planFaults({ kind, seed, count, seconds, only, skip, at: values.at });
  return { seed, orders, rate, plan };
}

function againOptions({ seed, orders, rate, plan }: Chosen, { only, skip, at, data }: Values): string[] {
  const choice = at.length > 0 ? at.flatMap((moment) => ['--at', moment]) : ['--faults', String(plan.length)];
  const names = [...(only === '' ? [] : ['--only', only]), ...(skip === '' ? [] : ['--skip', skip])];
  const where = data === undefined ? [] : ['--data', data];
  return ['--seed', String(seed), '--orders', String(orders), '--rate', String(rate), ...choice, ...names, ...where];
}

/** What is broken before the first fault is not the drill's doing. @throws Failure unhealthy */
async function requireWhole(target: Target, signal: AbortSignal): Promise<void> {
  await untilWhole(target, wholeTimeoutMs, signal).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new Failure('unhealthy', `The drill does not begin: ${(cause as Error).message}.`, {
      cause,
      cure: target.kind === 'local' ? './orchestrator.sh local status' : './orchestrator.sh status',
    });
  });
}

function tell(result: Result, folder: string, isJson: boolean, { terminal }: Context): void {
  const { verdict, ledger, faults: struck, seed } = result;
  const say = (line: string): void => terminal.write(`${line}\n`);
  if (isJson) print(JSON.stringify({ verdict, ledger, faults: struck, seed }));
  else {
    const rows = Object.entries(ledger).map(([name, count]) => [name, String(count)]);
    print(
      [`verdict: ${verdict}`, ...alignColumns([...rows, ['faults', String(struck)], ['seed', String(seed)]]), '']
        .join('\n')
        .trimEnd(),
    );
  }
  say(
    `longest without a confirmed order ${result.longestOutageSeconds} s, longest until whole after a fault ${result.longestRecoverySeconds} s`,
  );
  for (const reason of result.reasons) say(terminal.paint('red', reason));
  if (verdict === 'fail')
    say('The orders of this drill stay in the table; ./orchestrator.sh drill --restore removes them.');
  say(`ledger, plan and picture: ${folder}`);
}
