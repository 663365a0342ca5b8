import type { Context } from '../command.ts';
import { chooseWord } from '../command.ts';
import { CommandError } from '../exec.ts';
import { Failure, UsageError, exitCodes } from '../failure.ts';
import { listenForInterrupt } from '../interrupt.ts';
import { planSteps, runSteps } from '../steps.ts';
import type { Step } from '../steps.ts';
import { DeadlineError } from '../wait.ts';
import { lockCluster } from './lock.ts';
import { readRecord } from './record.ts';
import { noCluster, openSession, whereOptions } from './session.ts';
import type { Session, WhereValues } from './session.ts';

/** The options of every command that changes the cluster. */
export const changeOptions = {
  ...whereOptions,
  'dry-run': { type: 'boolean' },
  output: { type: 'string', short: 'o', default: 'text' },
} as const;

export interface ChangeValues extends WhereValues {
  'dry-run'?: boolean | undefined;
  output: string;
}

/** The same for `--help`. */
export const changeHelp = `  --dry-run               show what would be done, and change nothing
  -o json                 a line of JSON for each step: {step, of, title, state, ms}
`;

export interface Change {
  /** The word of the command line. */
  command: string;
  values: ChangeValues;
  context: Context;
  steps: (session: Session) => Step[] | Promise<Step[]>;
  /** Asks, or refuses, before anything is changed. */
  confirm?: (session: Session) => Promise<void>;
  /** Whether there must be a cluster that `create` made, or began to make. */
  needsCluster?: boolean;
  /** The last line on stdout, when all is done. */
  answer: string;
  /** What is worth knowing then, for stderr. */
  afterwards?: string;
}

/** Runs a command that changes the cluster: alone, in steps, and in order also when it is interrupted. Returns the exit code. */
export async function changeCluster(change: Change): Promise<number> {
  const { command, values, context, steps, confirm, needsCluster = false, answer, afterwards } = change;
  const { terminal } = context;
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const json = chooseWord('output format', values.output, ['text', 'json']) === 'json';
  const again = `./orchestrator.sh ${command} goes on where it stopped; ./orchestrator.sh status shows what there is.`;
  using interruption = listenForInterrupt(again, (line) => terminal.write(`${line}\n`));
  const session = await openSession(values, context, interruption.signal);
  if (values['dry-run']) {
    print((await planSteps(await steps(session))).join('\n'));
    return exitCodes.ok.code;
  }
  if (needsCluster && (await readRecord()) === undefined) throw noCluster();
  using _lock = await lockCluster(command);
  await confirm?.(session);
  const onEvent = json ? (event: object): void => print(JSON.stringify(event)) : undefined;
  await runSteps(await steps(session), { terminal, onEvent }).catch((error: unknown) => {
    throw asFailure(error, again);
  });
  if (afterwards !== undefined) terminal.write(`${afterwards}\n`);
  print(json ? JSON.stringify({ result: answer }) : answer);
  return exitCodes.ok.code;
}

/** A command that failed on the cluster, or a wait without end, is no bug of ours: it can be looked at, and tried again. */
function asFailure(error: unknown, cure: string): unknown {
  if (error instanceof DeadlineError) return new Failure('rollout-failed', error.message, { cure });
  if (!(error instanceof CommandError)) return error;
  return new Failure('rollout-failed', 'A command on the cluster failed.', { cause: error, cure });
}

/** Minutes are long enough for images to be pulled over a slow line. */
const defaultRolloutTimeoutS = 600;

/** For `--timeout`. @throws UsageError */
export function parseTimeout(text: string | undefined): number {
  const seconds = text === undefined ? defaultRolloutTimeoutS : Number(text);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 86_400) return seconds * 1000;
  throw new UsageError('--timeout takes seconds, from 1 to 86400');
}

/** The same for `--help`. */
export const timeoutHelp = `  --timeout SECONDS       how long a group of pods may take to become ready (${defaultRolloutTimeoutS})
`;
