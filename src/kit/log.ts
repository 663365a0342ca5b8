import { destination, pino, stdSerializers } from 'pino';
import type { DestinationStream, Logger } from 'pino';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** Beyond it a part is written at once. Just below the most that is written with one call. */
const PENDING_MAX_CHARACTERS = 16_000;

/** JSON lines on stdout: `time` (ISO 8601), `level`, `service`, `msg`, and the ids that follow a request through the system. */
export function createLogger(service: string, level: (typeof LOG_LEVELS)[number]): Logger {
  return pino(
    {
      level,
      base: { service },
      timestamp: isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: withoutSecrets },
    },
    linesOfOneTurn(),
  );
}

/** What one turn of the event loop has to say is written at its end, at once: a busy service would spend its time on writing. */
function linesOfOneTurn(): DestinationStream {
  const stdout = destination({ fd: 1, sync: true });
  let pending = '';
  const flush = (): void => {
    if (pending) stdout.write(pending);
    pending = '';
  };
  process.once('exit', () => {
    flush();
    stdout.flushSync();
  });
  return {
    write: (line) => {
      if (!pending) setImmediate(flush);
      pending += line;
      if (pending.length > PENDING_MAX_CHARACTERS) flush();
    },
  };
}

let [timeMs, timeText] = [0, ''];

/** Many lines share a millisecond: its text is made once. */
function isoTime(): string {
  const nowMs = Date.now();
  if (nowMs !== timeMs) [timeMs, timeText] = [nowMs, `,"time":"${new Date(nowMs).toISOString()}"`];
  return timeText;
}

/** Libraries attach to their errors what they were given. */
function withoutSecrets(error: Error): unknown {
  return { ...stdSerializers.err(error), password: undefined, authorization: undefined };
}
