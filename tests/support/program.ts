import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Exit } from '@orchestrator/orchestrator/exec.ts';
import { eventually } from './eventually.ts';
import { testOf, watchFailures } from './scope.ts';
import type { Scope } from './scope.ts';

/** Kubernetes starts a dead container again at once, and later and later when it keeps dying. Here always after this. */
const RESTART_DELAY_MS = 250;

/** A broker on a busy machine takes ten seconds. */
const READY_TIMEOUT_MS = 60_000;

/** Longer than any orderly stop; then it counts as hung. */
const STOP_TIMEOUT_MS = 30_000;

const EVIDENCE_LINES = 30;
const EVIDENCE_LINE_CHARS = 500;

/** One life of a program. */
export interface Life {
  pid: number;
  exited: Promise<Exit>;
  kill: (signal: NodeJS.Signals) => void;
  /** Ends what it started beside itself. */
  abandon?: () => void;
}

/** A process that is started again whenever it dies, until it is stopped on purpose. */
export interface Program {
  pid: () => number;
  /** How often it was started so far. */
  starts: () => number;
  /** Sends a signal; when it dies of it, it comes back. */
  kill: (signal: NodeJS.Signals) => void;
  /** Freezes it (SIGSTOP), until `resume`. */
  pause: () => void;
  resume: () => void;
  /** Asks it to end and waits until it has; it stays away. Returns the exit code, null when a signal ended it. */
  stop: (signal?: NodeJS.Signals) => Promise<number | null>;
  /** Starts it after a stop, and waits until it is ready. */
  start: () => Promise<void>;
  /** Waits until it is ready. */
  ready: () => Promise<void>;
  /** What it has written so far. */
  logs: () => string;
}

interface ProgramOptions {
  name: string;
  launch: () => Promise<Life>;
  /** Throws while it is not ready. */
  check: () => Promise<unknown>;
  stopSignal: NodeJS.Signals;
  logs: () => string;
  /** Removes what it leaves behind, at the end of the test. */
  cleanUp?: () => Promise<void>;
}

/** Runs a program for the length of a test, or a file. When that fails, the end of its log is shown. */
export async function runProgram(scope: Scope, options: ProgramOptions): Promise<Program> {
  const { name, check, stopSignal, logs, cleanUp } = options;
  const lives = createLives(options.launch);

  async function ready(): Promise<void> {
    try {
      await eventually(check, READY_TIMEOUT_MS);
    } catch (cause) {
      const failure = String(lives.failure());
      throw new Error(`${name} is not ready after ${READY_TIMEOUT_MS} ms: ${failure}\n${lastOf(logs())}`, { cause });
    }
  }

  async function start(): Promise<void> {
    lives.begin();
    await ready();
  }

  async function stop(signal: NodeJS.Signals = stopSignal): Promise<number | null> {
    const exit = await lives.end(signal);
    assert.ok(exit !== 'late', `${name} did not end within ${STOP_TIMEOUT_MS} ms after ${signal}:\n${lastOf(logs())}`);
    return exit?.code ?? null;
  }

  const failed = watchFailures(testOf(scope));
  testOf(scope).after(async () => {
    await stop('SIGKILL');
    if (failed()) process.stderr.write(`\n=== the end of the log of ${name} ===\n${lastOf(logs())}\n`);
    await cleanUp?.();
  });
  await start();
  const kill = (signal: NodeJS.Signals): void => lives.now()?.kill(signal);
  return {
    pid: () => lives.now()?.pid ?? 0,
    starts: lives.count,
    kill,
    pause: () => kill('SIGSTOP'),
    resume: () => kill('SIGCONT'),
    stop,
    start,
    ready,
    logs,
  };
}

function lastOf(log: string): string {
  const lines = log.trimEnd().split('\n').slice(-EVIDENCE_LINES);
  return lines.map((line) => line.slice(0, EVIDENCE_LINE_CHARS)).join('\n');
}

interface Lives {
  now: () => Life | undefined;
  count: () => number;
  /** Why it could not be launched the last time. */
  failure: () => unknown;
  begin: () => void;
  /** Sends the signal and waits for the end; `late` when it had to be killed. */
  end: (signal: NodeJS.Signals) => Promise<Exit | undefined | 'late'>;
}

/** One life after the other, between `begin` and `end`. */
function createLives(launch: () => Promise<Life>): Lives {
  let wanted = false;
  let life: Life | undefined;
  let count = 0;
  let failure: unknown;
  let lastExit: Exit | undefined;
  let done = Promise.resolve();

  async function lifeAfterLife(): Promise<void> {
    for (;;) {
      try {
        life = await launch();
        count += 1;
        running.add(life);
        if (!wanted) life.kill('SIGKILL');
        lastExit = await life.exited;
        running.delete(life);
      } catch (error) {
        failure = error;
      }
      life = undefined;
      if (wanted) await delay(RESTART_DELAY_MS);
      if (!wanted) return;
    }
  }

  return {
    now: () => life,
    count: () => count,
    failure: () => failure,
    begin: () => {
      if (wanted) return;
      wanted = true;
      done = lifeAfterLife();
    },
    end: async (signal) => {
      wanted = false;
      life?.kill(signal);
      // A frozen process would see the signal only after this.
      life?.kill('SIGCONT');
      const outcome = await Promise.race([done, delay(STOP_TIMEOUT_MS, 'late' as const, { ref: false })]);
      if (outcome === 'late') life?.kill('SIGKILL');
      return outcome ?? lastExit;
    },
  };
}

/** A test that is itself ended from outside takes its programs along. */
const running = new Set<Life>();
process.on('exit', () => {
  for (const life of running) {
    life.kill('SIGKILL');
    life.abandon?.();
  }
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
