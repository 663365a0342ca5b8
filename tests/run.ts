/**
 * `npm test [FILE…]`: the static checks, then every test against a real PostgreSQL and a real RabbitMQ of its own, which it
 * starts in a temporary folder (RabbitMQ is installed first where the machine has none). Exit code 0 only when all of it
 * passed. With FILEs only those tests run.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readEnvironment } from '@orchestrator/orchestrator/config.ts';
import { provideRabbitmq } from '@orchestrator/orchestrator/local/broker.ts';
import { freePort } from '@orchestrator/orchestrator/local/ports.ts';
import { removePostgres } from '@orchestrator/orchestrator/local/postgres.binaries.ts';
import { startPostgres } from '@orchestrator/orchestrator/local/postgres.ts';
import { startRabbitmq } from '@orchestrator/orchestrator/local/rabbitmq.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Tests that kill and freeze whole systems of their own, or measure: one at a time, so that what they see is their own doing. */
const isHeavy = (path: string): boolean => path.startsWith('tests/faults/') || path === 'tests/bench.test.ts';

/** A file that hangs must end as a failure, with its name, and not as a run that never ends. */
const FILE_TIMEOUT_MS = 15 * 60_000;

const checks = [['oxfmt', '--check'], ['oxlint', '--type-aware', '--deny-warnings'], ['tsc'], ['knip']] as const;

async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<void> {
  process.stderr.write(`\n> ${[program, ...args.slice(0, 3)].join(' ')}${args.length > 3 ? ' …' : ''}\n`);
  const path = `${join(root, 'node_modules/.bin')}:${process.env['PATH']}`;
  const child = spawn(program, args, { cwd: root, env: { ...env, PATH: path }, stdio: 'inherit' });
  const [code]: unknown[] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${program} did not pass`);
}

/** `node --test` counts a run without tests as passed. */
async function runTests(files: readonly string[], concurrency: number, env: NodeJS.ProcessEnv): Promise<void> {
  if (files.length === 0) throw new Error('no test files were found');
  const options = ['--test', `--test-concurrency=${concurrency}`, `--test-timeout=${FILE_TIMEOUT_MS}`];
  await run(process.execPath, [...options, '--test-reporter=spec', ...files], env);
}

async function main(chosen: readonly string[]): Promise<void> {
  if (chosen.length === 0) {
    for (const [program, ...args] of checks) await run(program, args);
  }
  const cleanUps: Array<() => Promise<unknown>> = [];
  const failures: unknown[] = [];
  try {
    const env = { ...process.env, ...(await startServers(cleanUps)) };
    const found = globSync(['src/*/**/*.test.ts', 'tests/**/*.test.ts'], { cwd: root }).toSorted();
    const files = chosen.length > 0 ? chosen : found;
    for (const [group, concurrency] of [
      [files.filter((path) => !isHeavy(path)), 2],
      [files.filter(isHeavy), 1],
    ] as const) {
      if (chosen.length > 0 && group.length === 0) continue;
      // The second group is run whatever became of the first: one run tells all.
      await runTests(group, concurrency, env).catch((error: unknown) => failures.push(error));
    }
  } finally {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  }
  if (failures.length > 0) throw failures[0];
}

/** Starts the servers that all tests share; each test file makes a database or a virtual host of its own in them. */
async function startServers(cleanUps: Array<() => Promise<unknown>>): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-tests-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  const postgres = await startPostgres({ dir: join(folder, 'postgres') });
  cleanUps.push(
    () => removePostgres(join(folder, 'postgres')),
    () => postgres.stop(),
  );
  const managementPort = await freePort();
  const { installation, obstacle } = await provideRabbitmq({
    environment: readEnvironment(),
    interactive: process.stdin.isTTY,
    say: (line) => process.stderr.write(`${line}\n`),
    aside: (ask) => ask(),
  });
  if (!installation) throw new Error(`RabbitMQ 3.10 or newer is needed: ${obstacle ?? 'the one installed is older'}`);
  const rabbitmq = await startRabbitmq({ dir: join(folder, 'rabbitmq'), managementPort, installation });
  cleanUps.push(() => rabbitmq.stop());
  return {
    TEST_POSTGRES_URL: `postgres://postgres:postgres@127.0.0.1:${postgres.port}/postgres`,
    TEST_RABBITMQ_URL: `amqp://guest:guest@127.0.0.1:${rabbitmq.port}`,
    TEST_RABBITMQ_MANAGEMENT_URL: `http://guest:guest@127.0.0.1:${managementPort}`,
  };
}

// A Ctrl-C reaches the running tests as well: they end, and the servers are stopped after them.
process.on('SIGINT', () => undefined);

await main(process.argv.slice(2)).then(
  () => process.stderr.write('\nAll checks and tests passed.\n'),
  (error: unknown) => {
    process.stderr.write(`\nFailed: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
