import type { IncomingMessage } from 'node:http';
import { Problem } from '@orchestrator/contracts/problem.ts';

/**
 * The whole body of a request, null where there is none. It is collected before anything is sent on, so that a slow sender
 * occupies no connection to the upstream. Rejects with a Problem when it is larger than the limit (by its Content-Length
 * at once, else while it is counted) or ends too early.
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer | null> {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (coding === undefined && (length === undefined || length === '0')) return null;
  if (Number(length) > limitBytes) throw tooLarge(limitBytes);

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
