import { randomBytes } from './random.ts';

/** version 00: trace id, parent id, flags (https://www.w3.org/TR/trace-context/#traceparent-header). */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;

/** The most bytes of `tracestate` that are passed on; the standard asks for at least 512. */
const TRACESTATE_LIMIT = 512;

/** A request's place in its distributed trace. */
export interface Trace {
  traceId: string;
  /** What to send on: the same trace, this hop as parent. */
  traceparent: string;
  tracestate: string | undefined;
}

/** The trace id of a well-formed `traceparent`. */
export function traceIdOf(traceparent: unknown): string | undefined {
  return typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
}

/** Continues the caller's trace, or starts one where the caller sent none or a malformed one. */
export function continueTrace(traceparent: unknown, tracestate: unknown): Trace {
  const [, traceId, flags] = (typeof traceparent === 'string' && TRACEPARENT.exec(traceparent)) || [];
  const id = traceId ?? randomBytes(16).toString('hex');
  return {
    traceId: id,
    traceparent: `00-${id}-${randomBytes(8).toString('hex')}-${flags ?? '01'}`,
    tracestate: traceId && isPassable(tracestate) ? tracestate : undefined,
  };
}

function isPassable(tracestate: unknown): tracestate is string {
  return typeof tracestate === 'string' && tracestate.length <= TRACESTATE_LIMIT && /^[\x20-\x7e]+$/.test(tracestate);
}
