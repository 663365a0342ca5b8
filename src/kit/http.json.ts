import { parseJson } from '@orchestrator/contracts/json.ts';
import { Problem } from '@orchestrator/contracts/problem.ts';
import type { FastifyInstance } from 'fastify';
import { readBody } from './http.body.ts';

/** Strips a byte order mark and refuses bytes that are no UTF-8, where Node's own decoding would replace them silently. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;

/** Accepts JSON bodies only, in UTF-8, and parses them exactly. */
export function parseJsonBodies(app: FastifyInstance, limitBytes: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', (request, payload, done) => {
    const charset = CHARSET.exec(request.headers['content-type'] ?? '')?.[1];
    if (charset && charset.toLowerCase() !== 'utf-8') {
      done(new Problem('unsupported_media_type', 'JSON is UTF-8: send it as application/json without another charset'));
      return;
    }
    const body = readBody(payload, limitBytes);
    if (body instanceof Promise) body.then((whole) => finish(whole, done), done);
    else finish(body, done);
  });
}

/** What a body says. Throws Problem `malformed_json` for what is not JSON in UTF-8. */
export function parseBody(body: Buffer): unknown {
  try {
    return parseJson(utf8.decode(body));
  } catch (cause) {
    throw new Problem('malformed_json', 'The body is not JSON in UTF-8: check quotes, commas and encoding', { cause });
  }
}

function finish(body: Buffer | null, done: (error: Error | null, value?: unknown) => void): void {
  // Many clients announce JSON with every request, DELETE included; where a body is needed, its schema misses it.
  if (!body?.length) {
    done(null);
    return;
  }
  try {
    done(null, parseBody(body));
  } catch (problem) {
    done(problem as Problem);
  }
}
