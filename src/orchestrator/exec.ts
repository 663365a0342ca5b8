import { spawn } from 'node:child_process';
import type { SpawnOptions, StdioOptions } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** How a process ended: exactly one of the two is set. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface RunOptions {
  cwd?: string | undefined;
  /** The whole environment; the orchestrator's own when absent. */
  env?: NodeJS.ProcessEnv | undefined;
  /** Run as this user; only root may ask for it. */
  user?: { uid: number; gid: number } | undefined;
}

export interface RunToEndOptions extends RunOptions {
  /** After this time the command is killed. */
  timeoutMs: number;
  /** Called with each line of output as it comes, for those who show progress. */
  onLine?: ((line: string) => void) | undefined;
  /** What the command reads on its stdin; nothing when absent. The place for secrets: arguments are seen by everybody. */
  input?: string | undefined;
  /** Asks the command to end (SIGINT) and waits until it has; the Ctrl-C of a user. */
  signal?: AbortSignal | undefined;
}

/** A command that could not be started, failed, or took too long. Its message can be pasted into a shell. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly argv: readonly string[];
  readonly exit: Exit;
  readonly output: string;

  constructor(argv: readonly string[], exit: Exit, output: string, cause?: unknown) {
    const tail = lastLines(output, 20);
    super(`${describeExit(exit)}: ${pasteable(argv)}${tail === '' ? '' : `\n${tail}`}`, { cause });
    this.argv = argv;
    this.exit = exit;
    this.output = output;
  }
}

/** The command line as a shell takes it. */
export function pasteable(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}

export function describeExit({ code, signal }: Exit): string {
  if (signal !== null) return `ended by ${signal}`;
  return code === null ? 'could not be started' : `exit code ${code}`;
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

/**
 * Runs a command to its end and returns what it wrote to stdout.
 * @throws CommandError when it cannot be started, exits with another code than 0, or is killed
 * @throws the signal's reason when that ended it
 */
export async function run(argv: readonly string[], options: RunToEndOptions): Promise<string> {
  const { signal, input, timeoutMs, onLine } = options;
  signal?.throwIfAborted();
  // A session of its own where we decide when it ends: a Ctrl-C on the terminal would reach it as well, twice for some tools.
  const child = spawnArgv(argv, { ...options, detached: signal !== undefined }, [
    input === undefined ? 'ignore' : 'pipe',
    'pipe',
    'pipe',
  ]);
  let stdout = '';
  let output = '';
  let partial = '';
  const take = (text: string): void => {
    output += text;
    const lines = (partial + text).split('\n');
    partial = lines.pop() ?? '';
    lines.forEach((line) => onLine?.(line));
  };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    take(text);
  });
  child.stderr?.setEncoding('utf8').on('data', take);
  // A command that ends before it has read everything says by its exit code whether that matters.
  child.stdin?.on('error', () => undefined).end(input);
  // All of its session, as a terminal does: Vagrant's and other launchers do not hand a signal on to what they started.
  const send = (name: NodeJS.Signals): void => {
    if (signal !== undefined && child.pid !== undefined) killGroup(child.pid, name);
    else child.kill(name);
  };
  const interrupt = (): void => send('SIGINT');
  signal?.addEventListener('abort', interrupt);
  const timer = setTimeout(() => send('SIGKILL'), timeoutMs);
  const exit = await ended(argv, child, 'close').finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', interrupt);
  });
  signal?.throwIfAborted();
  if (exit.code !== 0) throw new CommandError(argv, exit, output);
  return stdout;
}

/**
 * Runs two commands, the output of the first being the input of the second, byte for byte.
 * @throws CommandError of whichever failed
 * @throws the signal's reason when that ended it
 */
export async function pipe(
  from: readonly string[],
  to: readonly string[],
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal | undefined },
): Promise<void> {
  signal?.throwIfAborted();
  const source = spawnArgv(from, { detached: true }, ['ignore', 'pipe', 'pipe']);
  const sink = spawnArgv(to, { detached: true }, ['pipe', 'pipe', 'pipe']);
  const complaints = [source, sink].map((child) => {
    let text = '';
    child.stderr?.setEncoding('utf8').on('data', (part: string) => (text += part));
    return () => text;
  });
  // A sink that has ended says by its exit code why.
  sink.stdin?.on('error', () => undefined);
  sink.stdout?.resume();
  source.stdout?.pipe(sink.stdin!);
  const end = (name: NodeJS.Signals): void =>
    [source, sink].forEach(({ pid }) => pid !== undefined && killGroup(pid, name));
  const interrupt = (): void => end('SIGINT');
  signal?.addEventListener('abort', interrupt);
  const timer = setTimeout(() => end('SIGKILL'), timeoutMs);
  // Nobody reads any more when the sink has failed: a source that does not write would not notice.
  const sinkEnded = ended(to, sink, 'close').then((exit) => {
    if (exit.code !== 0) end('SIGKILL');
    return exit;
  });
  const exits = await Promise.all([ended(from, source, 'close'), sinkEnded]).finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', interrupt);
    end('SIGKILL');
  });
  signal?.throwIfAborted();
  // A failed sink ends the source as well, and is the one to tell.
  const [sourceExit, sinkExit] = exits;
  if (sinkExit.code !== 0) throw new CommandError(to, sinkExit, complaints[1]?.() ?? '');
  if (sourceExit.code !== 0) throw new CommandError(from, sourceExit, complaints[0]?.() ?? '');
}

/**
 * Runs a command that goes on by itself, such as one that follows a log, and hands over each line of its stdout as it comes.
 * @param options.signal asks it to end (SIGINT); that is no error
 * @throws CommandError when it cannot be started
 */
export async function runFollowing(
  argv: readonly string[],
  { signal, onLine }: { signal: AbortSignal; onLine: (line: string) => void },
): Promise<Exit> {
  const child = spawnArgv(argv, { detached: true }, ['ignore', 'pipe', 'ignore']);
  if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', onLine);
  const interrupt = (): void => void child.kill('SIGINT');
  signal.addEventListener('abort', interrupt);
  if (signal.aborted) interrupt();
  return ended(argv, child, 'close').finally(() => signal.removeEventListener('abort', interrupt));
}

/** Runs a command on the user's own terminal and returns how it ended. */
export async function runInteractive(argv: readonly string[], options: RunOptions = {}): Promise<Exit> {
  return ended(argv, spawnArgv(argv, options, 'inherit'), 'exit');
}

export interface BackgroundProcess {
  pid: number;
  exited: Promise<Exit>;
}

/**
 * Starts a command in a session of its own, so that a Ctrl-C on the terminal reaches only the orchestrator, which then
 * stops things in order. Its output is appended to a file rather than piped: it outlives a paused or killed orchestrator.
 * @throws CommandError when it cannot be started
 */
export async function startInBackground(
  argv: readonly string[],
  options: RunOptions & { logFile: string },
): Promise<BackgroundProcess> {
  const log = openSync(options.logFile, 'a', 0o600);
  const child = spawnArgv(argv, { ...options, detached: true }, ['ignore', log, log]);
  closeSync(log);
  const exited = ended(argv, child, 'exit');
  // Its failure to start is thrown just below; nobody may be waiting for the exit yet.
  exited.catch(() => undefined);
  if (child.pid === undefined) {
    await exited;
    throw new CommandError(argv, { code: null, signal: null }, '');
  }
  return { pid: child.pid, exited };
}

function spawnArgv(argv: readonly string[], options: RunOptions & { detached?: boolean }, stdio: StdioOptions) {
  const [program, ...args] = argv;
  if (program === undefined) throw new TypeError('empty command');
  const spawnOptions: SpawnOptions = { stdio, detached: options.detached ?? false };
  if (options.cwd !== undefined) spawnOptions.cwd = options.cwd;
  if (options.env !== undefined) spawnOptions.env = options.env;
  if (options.user !== undefined) Object.assign(spawnOptions, options.user);
  return spawn(program, args, spawnOptions);
}

/** It may have ended on its own meanwhile. */
function killGroup(leader: number, name: NodeJS.Signals): void {
  try {
    process.kill(-leader, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function ended(argv: readonly string[], child: ReturnType<typeof spawn>, event: 'exit' | 'close'): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new CommandError(argv, { code: null, signal: null }, cause.message, cause)));
    child.once(event, (code, signal) => resolve({ code, signal }));
  });
}
