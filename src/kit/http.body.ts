import type { IncomingMessage } from 'node:http';
import { Problem } from '@orchestrator/contracts/problem.ts';
import { PlainRequest } from './http.plain.request.ts';

/**
 * The whole body of a request, null where there is none: at once where it has come whole, else when it has. It is collected
 * before anything is done with it, so that a slow sender occupies nothing else. Throws, or rejects with, a Problem when it is
 * larger than the limit (by its Content-Length at once, else while it is counted) or ends too early.
 */
export function readBody(
  request: IncomingMessage | PlainRequest,
  limitBytes: number,
): Buffer | null | Promise<Buffer | null> {
  if (request instanceof PlainRequest) {
    if (request.body.length > limitBytes) throw tooLarge(limitBytes);
    return request.body.length > 0 ? request.body : null;
  }
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (coding === undefined && (length === undefined || length === '0')) return null;
  if (Number(length) > limitBytes) throw tooLarge(limitBytes);
  return collect(request, limitBytes);
}

async function collect(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  request
    .on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limitBytes) chunks.push(chunk);
      else reject(tooLarge(limitBytes));
    })
    .once('end', () => resolve(Buffer.concat(chunks)))
    .once('error', (cause) => reject(new Problem('malformed_request', 'The body ended too early', { cause })));
  return promise;
}

function tooLarge(limitBytes: number): Problem {
  return new Problem('body_too_large', `The body may have at most ${limitBytes} bytes`);
}
