import type { IncomingMessage } from 'node:http';
import { Problem } from '@orchestrator/contracts/problem.ts';

/** Visible ASCII. A header that was sent twice arrives joined by a comma and a space, which this refuses. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/** The request's Idempotency-Key, undefined where there is none. Throws `malformed_request` for one that is not usable. */
export function idempotencyKey({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined || (typeof key === 'string' && KEY.test(key))) return key;
  throw new Problem('malformed_request', 'Send one Idempotency-Key of 1 to 255 visible ASCII characters, or none');
}
