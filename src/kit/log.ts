import { pino, stdTimeFunctions } from 'pino';
import type { Logger } from 'pino';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** JSON lines on stdout: `time` (ISO 8601), `level`, `service`, `msg`, and the ids that follow a request through the system. */
export function createLogger(service: string, level: (typeof LOG_LEVELS)[number]): Logger {
  return pino({
    level,
    base: { service },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: ['*.password', '*.authorization'],
  });
}
