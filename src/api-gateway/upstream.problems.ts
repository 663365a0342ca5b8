import { Problem } from '@orchestrator/contracts/problem.ts';

/** The connection failed, which says nothing about the request. */
const CONNECTION_FAILURES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** undici will not send the request: its path or a header holds what no proper client sends. */
const UNSENDABLE = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED']);

export function isConnectionFailure(error: Error): boolean {
  return CONNECTION_FAILURES.has(codeOf(error));
}

/** What the client is told when undici reports this error. The cause goes into the log alone. */
export function toProblem(cause: Error, name: string): Problem {
  if (UNSENDABLE.has(codeOf(cause))) {
    return new Problem('malformed_request', 'The request has a header or a path that cannot be sent on', { cause });
  }
  if (codeOf(cause) === 'UND_ERR_BODY_TIMEOUT') return tooSlow(name, cause);
  return new Problem('upstream_unreachable', `${name} cannot be reached: try again in a moment`, { cause });
}

export function tooSlow(name: string, cause?: Error): Problem {
  return new Problem('upstream_timeout', `${name} did not answer in time: try again in a moment`, {
    cause,
    headers: { 'retry-after': '1' },
  });
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}
