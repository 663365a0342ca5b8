import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { userEnvironment } from './clone.ts';
import { markNamespace, removeTestNamespace } from './cluster.namespace.ts';

const { TEST_CLUSTER_FOLDER, TEST_CLUSTER_KUBECONFIG, TEST_CLUSTER_LOAD } = process.env;

/** The copy of the repository that the tests work in. */
export const folder = TEST_CLUSTER_FOLDER ?? '';

/** The kubeconfig that the user of the tests has given. */
export const kubeconfig = TEST_CLUSTER_KUBECONFIG ?? '';

const skip = folder === '' && 'needs a Kubernetes of two nodes: KUBECONFIG=FILE npm run test:cluster';

/** The longest wait of a single command of the orchestrator, on a busy machine. */
const COMMAND_TIMEOUT_MS = 900_000;

/** A test on a real cluster, reported as skipped where there is none. */
export function clusterTest(name: string, body: (t: TestContext) => Promise<void>): void {
  test(name, { skip, timeout: 2 * COMMAND_TIMEOUT_MS }, body);
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  seconds: number;
}

/** A command line as a user types it, in the copy of the repository, with KUBECONFIG as `create` tells once it has run. */
export function start(command: string, env: NodeJS.ProcessEnv = {}, stdin: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
  const own = join(folder, 'k3s.yaml');
  const userEnv = { ...userEnvironment(), KUBECONFIG: existsSync(own) ? own : kubeconfig, ...env };
  return spawn('sh', ['-euc', `exec ${command}`], { cwd: folder, env: userEnv, stdio: [stdin, 'pipe', 'pipe'] });
}

export async function ended(child: ChildProcess): Promise<Ended> {
  const startMs = performance.now();
  const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_TIMEOUT_MS);
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')]);
  clearTimeout(timer);
  const { exitCode: code, signalCode: signal } = child;
  return { code, signal, stdout, stderr, seconds: Math.round((performance.now() - startMs) / 1000) };
}

export const run = (command: string, env?: NodeJS.ProcessEnv): Promise<Ended> => ended(start(command, env));

/** Runs a command line that must succeed. @returns what it printed */
export async function sh(command: string): Promise<string> {
  const { code, signal, stdout, stderr } = await run(command);
  if (code === 0) return stdout;
  throw new Error(`${command}: ${signal ?? `exit code ${code}`}\n${stdout}${stderr}`);
}

/** The options of `create` on this cluster. */
export const onCluster = [
  '--provider kubeconfig',
  `--kubeconfig '${kubeconfig}'`,
  ...(TEST_CLUSTER_LOAD ? [`--load-with '${TEST_CLUSTER_LOAD}'`] : []),
].join(' ');

/** Runs a command of the orchestrator to its end; the namespace that it may have made is marked as ours. */
export async function orchestrator(command: string, env?: NodeJS.ProcessEnv): Promise<Ended> {
  const result = await run(`./orchestrator.sh ${command}`, env);
  if (/^(create|deploy)/.test(command)) await markNamespace(kubeconfig);
  return result;
}

/** Fails unless a command did what it shall, with its literal last line. */
export function assertDone({ code, stdout, stderr }: Ended, line: string): void {
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trimEnd().split('\n').at(-1), line);
}

/** The system runs with all its components; the first step of each test that needs it. */
export async function ensureSystem(t: Pick<TestContext, 'diagnostic'>): Promise<void> {
  if (await isWhole()) return;
  const created = await orchestrator(`create ${onCluster}`);
  assertDone(created, 'cluster created');
  t.diagnostic(`create: ${created.seconds} s`);
}

const COMPONENTS = 6;

async function isWhole(): Promise<boolean> {
  if (!existsSync(join(folder, 'k3s.yaml'))) return false;
  const counts = "jsonpath='{range .items[*]}{.spec.replicas}/{.status.readyReplicas} {end}'";
  const { code, stdout } = await run(`kubectl get deployments,statefulsets -n microservices -o ${counts}`);
  const components = stdout.trim().split(' ');
  return code === 0 && components.length === COMPONENTS && components.every((count) => /^([1-9]+)\/\1$/.test(count));
}

/** There is no system on the cluster, and the orchestrator knows of none. */
export async function ensureNothing(): Promise<void> {
  await removeTestNamespace(kubeconfig);
  for (const path of ['k3s.yaml', '.local/cluster']) await rm(join(folder, path), { recursive: true, force: true });
}
