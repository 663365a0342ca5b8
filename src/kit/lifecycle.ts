import { flushCompileCache } from 'node:module';
import { collectGarbage } from './garbage.ts';
import type { Logger } from './log.ts';

/** A stop that takes longer than this is hung; below every terminationGracePeriodSeconds of the manifests (30 s and more). */
const STOP_DEADLINE_MS = 28_000;

/** Everything has been loaded by then. */
const LOADED_DELAY_MS = 3000;

export interface Lifecycle {
  /** Registers what to undo at the end; the last registered is undone first. */
  onStop: (what: string, undo: () => unknown) => void;
  /** Aborts when the program has been asked to stop. */
  readonly stopping: AbortSignal;
  /** Ends the program with exit code 1: what it needs to work is wrong and waiting would not cure it. */
  fail: (error: unknown) => void;
}

/**
 * The life of a program: on SIGTERM or SIGINT it undoes what it set up, in reverse order, and exits with 0. A second
 * signal, or a stop beyond its deadline, exits with 1 at once; so does an error that nobody caught.
 */
export function createLifecycle(log: Logger): Lifecycle {
  const undos: Array<{ what: string; undo: () => unknown }> = [];
  const controller = new AbortController();

  async function stop(reason: string, exitCode: number): Promise<void> {
    if (controller.signal.aborted) {
      log.warn({ reason }, 'asked again while stopping: exiting at once');
      process.exit(1);
    }
    log.info({ reason }, 'stopping');
    setTimeout(() => {
      log.error('stopping took too long: exiting');
      process.exit(1);
    }, STOP_DEADLINE_MS).unref();
    controller.abort();
    for (const { what, undo } of undos.toReversed()) {
      try {
        await undo();
      } catch (error) {
        log.error({ err: error, what }, 'could not be stopped');
      }
    }
    log.info('stopped');
    process.exit(exitCode);
  }

  function fail(error: unknown): void {
    log.fatal({ err: error }, 'cannot go on');
    if (controller.signal.aborted) process.exit(1);
    void stop('failure', 1);
  }

  setTimeout(() => {
    // Node writes its compile cache at an orderly exit; a program that is killed should start as fast the next time.
    flushCompileCache();
    // Loading takes more than working: a sixth of a service's memory is what its start left behind.
    collectGarbage();
  }, LOADED_DELAY_MS).unref();

  process.on('SIGTERM', () => void stop('SIGTERM', 0));
  process.on('SIGINT', () => void stop('SIGINT', 0));
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);

  return { onStop: (what, undo) => undos.push({ what, undo }), stopping: controller.signal, fail };
}
