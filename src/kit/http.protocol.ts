import type { IncomingMessage } from 'node:http';
import { Problem } from '@orchestrator/contracts/problem.ts';
import type { FastifyInstance } from 'fastify';

const MAX_URL_LENGTH = 2048;
const MAX_HEADER_COUNT = 100;

/** Refuses what Node's parser lets through but no proper client sends. */
export function refuseOddRequests(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => done(oddity(request.raw)));
}

type Head = Pick<IncomingMessage, 'url' | 'headers' | 'httpVersion'> & { rawHeaders: readonly string[] };

/** What a request is refused for; undefined for a proper one. */
export function oddity({ url = '', rawHeaders, headers, httpVersion }: Head): Problem | undefined {
  if (!url.startsWith('/')) {
    return new Problem('malformed_request', 'The request target must be a path that starts with /');
  }
  if (url.length > MAX_URL_LENGTH) {
    return new Problem('uri_too_long', `The path and query may have at most ${MAX_URL_LENGTH} characters`);
  }
  if (rawHeaders.length / 2 > MAX_HEADER_COUNT) {
    return new Problem('headers_too_large', `A request may have at most ${MAX_HEADER_COUNT} headers`);
  }
  const hosts = count(rawHeaders, 'host');
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) {
    return new Problem('malformed_request', 'A request has exactly one Host header (RFC 9112, section 3.2)');
  }
  const encoding = headers['content-encoding'];
  if (encoding && encoding.toLowerCase() !== 'identity') {
    return new Problem('unsupported_media_type', 'Send the body without Content-Encoding', {
      headers: { 'accept-encoding': 'identity' },
    });
  }
  return undefined;
}

function count(rawHeaders: readonly string[], name: string): number {
  let found = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at]!.toLowerCase() === name) found += 1;
  return found;
}
