import { parseArgs } from 'node:util';
import { UsageError } from '@orchestrator/orchestrator/failure.ts';
import { comparisons } from './catalogue.ts';
import type { Comparison } from './comparison.ts';

export interface Options {
  help: boolean;
  chosen: readonly Comparison[];
  rounds: number;
  seconds: number;
  warmUps: number;
  /** Where the findings are written; undefined when a part was run, which says nothing about the rest. */
  output: string | undefined;
}

const FULL = { rounds: 7, seconds: 2, warmUps: 4 };
const SHORT = { rounds: 3, seconds: 1, warmUps: 1 };

/** @throws UsageError */
export function parseOptions(args: string[]): Options {
  const { values, positionals } = parse(args);
  const unknown = positionals.filter((id) => !comparisons.some((comparison) => comparison.id === id));
  if (unknown.length > 0)
    throw new UsageError(`there is no comparison ${unknown.join(', ')}; see npm run bench -- --help`);
  const { rounds, seconds, warmUps } = values.short ? SHORT : FULL;
  const named = comparisons.filter(({ id }) => positionals.includes(id));
  const all = comparisons.filter(({ short }) => short || !values.short);
  return {
    help: values.help,
    chosen: named.length > 0 ? named : all,
    rounds: values.rounds === undefined ? rounds : count(values.rounds),
    seconds,
    warmUps,
    output: values.output ?? (values.short || named.length > 0 ? undefined : 'bench/results.json'),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        help: { type: 'boolean', default: false },
        short: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        output: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function count(text: string): number {
  if (!/^[1-9]\d?$/.test(text)) throw new UsageError(`--rounds takes a number from 1 to 99, not "${text}"`);
  return Number(text);
}

export function help(): string {
  const lines = comparisons.map(({ id, title }) => `  ${id.padEnd(22)}${title}`);
  return `npm run bench [-- [--short] [--rounds N] [--output FILE] [COMPARISON…]]

Measures this system side by side with programs of the usual make and with what the machine can do at most.
Without arguments: every comparison, about half an hour, and bench/results.json is written.

  --short        the few that CI runs, with fewer and shorter rounds
  --rounds N     rounds that count (${FULL.rounds}; ${SHORT.rounds} when short)
  --output FILE  where the findings are written as JSON

${lines.join('\n')}
`;
}
