/** `npm run bench`: runs the comparisons side by side, prints a table and writes bench/results.json. See --help. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '@orchestrator/orchestrator/config.ts';
import { Failure, UsageError, exitCodes } from '@orchestrator/orchestrator/failure.ts';
import { listenForInterrupt } from '@orchestrator/orchestrator/interrupt.ts';
import { findProgram } from '@orchestrator/orchestrator/programs.ts';
import { openBench } from './bench.ts';
import type { Finding } from './comparison.ts';
import { help, parseOptions } from './options.ts';
import type { Options } from './options.ts';
import { table, writeFindings } from './report.ts';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(options: Options): Promise<void> {
  if (process.platform !== 'linux') {
    throw new Failure('missing-tool', 'The time and memory of processes are read from /proc, which only Linux has.');
  }
  using interruption = listenForInterrupt('Nothing was written. Run it again.', say);
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const { folders } = readEnvironment();
  const find = (tool: string): Promise<string | undefined> => findProgram(tool, folders);
  const { signal } = interruption;
  const { bench, clear, end } = openBench({ ...options, folder, signal, say: (line) => say(`  ${line}`), find });
  const findings: Finding[] = [];
  try {
    for (const { id, title, run } of options.chosen) {
      say(`${id}: ${title}`);
      findings.push(...(await run(bench)));
      await clear();
    }
  } finally {
    await end();
    await rm(folder, { recursive: true, force: true });
  }
  process.stdout.write(`${table(findings)}\n`);
  if (options.output !== undefined) await writeFindings(options.output, findings);
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(help());
  else await main(options);
} catch (error) {
  if (error instanceof UsageError) {
    say(`error: ${error.message}`);
    process.exitCode = exitCodes.usage.code;
  } else if (error instanceof Failure) {
    say(`error: ${error.message}${error.cure === undefined ? '' : `\n${error.cure}`}`);
    process.exitCode = exitCodes[error.kind].code;
  } else {
    throw error;
  }
}
