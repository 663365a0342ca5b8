import { Problem } from '@orchestrator/contracts/problem.ts';
import type { UpstreamError } from './upstream.connection.ts';

/** What the client is told of this error. The cause goes into the log alone. */
export function toProblem(cause: UpstreamError, name: string): Problem {
  if (cause.kind === 'stalled') return tooSlow(name, cause);
  return new Problem('upstream_unreachable', `${name} cannot be reached: try again in a moment`, { cause });
}

export function tooSlow(name: string, cause?: Error): Problem {
  return new Problem('upstream_timeout', `${name} did not answer in time: try again in a moment`, {
    cause,
    headers: { 'retry-after': '1' },
  });
}
