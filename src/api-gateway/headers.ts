/** What speaks about one connection only and is never passed on (RFC 9110, section 7.6.1), as is all that begins with `proxy-`. */
const HOP_BY_HOP = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * What a `Connection` header cannot name away: these tell what the message means, and a client that could drop them would
 * get past the checks behind the gateway.
 */
const END_TO_END = new Set([
  'accept',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'etag',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'link',
  'location',
  'origin',
  'retry-after',
  'set-cookie',
]);

/** What the gateway says itself: framing, the request's identity, and where it came from, which a client could only forge. */
const REPLACED = new Set([
  'content-length',
  'expect',
  'forwarded',
  'host',
  'traceparent',
  'tracestate',
  'x-real-ip',
  'x-request-id',
]);

const isReplaced = (name: string): boolean => REPLACED.has(name) || name.startsWith('x-forwarded-');

/** The headers to send on, from those that came in and those of the gateway; names and values in turn. */
export function requestHeaders(raw: readonly string[], own: Record<string, string | undefined>): string[] {
  const passed = endToEnd(raw, isReplaced);
  for (const name in own) if (own[name] !== undefined) passed.push(name, own[name]);
  // RFC 9110, section 7.6.3: a gateway adds itself to what it forwards.
  passed.push('via', '1.1 api-gateway');
  return passed;
}

/** The headers of the answer: those of the gateway, then the upstream's, each as often as it was sent. */
export function answerHeaders(raw: readonly string[], own: Readonly<Record<string, unknown>>): string[] {
  const passed = endToEnd(raw, (name) => own[name] !== undefined);
  for (const name in own) passed.push(name, String(own[name]));
  return passed;
}

function endToEnd(raw: readonly string[], isReplaced: (name: string) => boolean): string[] {
  const named = namedByConnection(raw);
  const passed: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase();
    if (HOP_BY_HOP.has(name) || name.startsWith('proxy-') || named?.has(name) || isReplaced(name)) continue;
    passed.push(raw[at]!, raw[at + 1]!);
  }
  return passed;
}

/** Undefined in the usual case, that `Connection` names no other header. */
function namedByConnection(raw: readonly string[]): Set<string> | undefined {
  let names: Set<string> | undefined;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    if (raw[at]!.toLowerCase() !== 'connection') continue;
    for (const option of raw[at + 1]!.toLowerCase().split(',')) {
      const name = option.trim();
      if (!END_TO_END.has(name)) (names ??= new Set()).add(name);
    }
  }
  return names;
}
