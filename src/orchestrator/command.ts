import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import type { Environment } from './environment.ts';
import { UsageError } from './failure.ts';
import { nearestWord } from './spelling.ts';
import type { Terminal } from './terminal.ts';

/** What every command works with. */
export interface Context {
  terminal: Terminal;
  environment: Environment;
}

/** One word of `./orchestrator.sh`. */
export interface Command {
  /** One line for the list of commands. */
  summary: string;
  /** The whole text of `--help`. */
  help: string;
  /** What can stand behind it beside options, for the completion of a shell. */
  words?: readonly string[];
  /** Does it and returns the exit code. */
  run(argv: readonly string[], context: Context): Promise<number>;
}

/**
 * `parseArgs` of Node, with its complaints as ours.
 * @throws UsageError
 */
export function parseCommandLine<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code.startsWith('ERR_PARSE_ARGS')) throw new UsageError(message.split('. ')[0]);
    throw error;
  }
}

/** @throws UsageError that names the nearest word */
export function chooseWord<T extends string>(kind: string, word: string | undefined, known: readonly T[]): T {
  const found = known.find((candidate) => candidate === word);
  if (found !== undefined) return found;
  if (word === undefined) throw new UsageError(`which ${kind}? One of: ${known.join(', ')}`);
  const nearest = nearestWord(word, known);
  const hint = nearest === undefined ? `One of: ${known.join(', ')}` : `Did you mean ${nearest}?`;
  throw new UsageError(`there is no ${kind} ${word}. ${hint}`);
}
