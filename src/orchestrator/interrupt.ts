import { Failure, exitCodes } from './failure.ts';

/** Ctrl-C, `kill`, and a terminal that was closed all mean the same. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interruption extends Disposable {
  /** Fires at the first signal, with a Failure as its reason. */
  signal: AbortSignal;
}

/**
 * Turns the first of these signals into an orderly end; a second one ends the program at once.
 * @param cure what the user can do after an interrupted run
 */
export function listenForInterrupt(cure: string, say: (line: string) => void): Interruption {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted.code);
    say('stopping in order; Ctrl-C again to leave at once');
    controller.abort(new Failure('interrupted', 'Stopped before it was done.', { cure }));
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
