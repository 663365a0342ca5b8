import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';

export interface RawUpstream {
  url: string;
  port: number;
  /** The heads of all requests so far, as they came. */
  heads: string[];
  /** All bytes received so far. */
  received: () => string;
  connections: Set<Socket>;
}

/** A server on 127.0.0.1 that answers each request head with whatever bytes `answer` writes: what no HTTP library would send. */
export async function startRawUpstream(
  t: TestContext,
  answer: (socket: Socket, head: string) => unknown,
): Promise<RawUpstream> {
  const heads: string[] = [];
  const connections = new Set<Socket>();
  let received = '';
  const server = createServer({ noDelay: true }, (socket) => {
    connections.add(socket);
    let pending = '';
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      received += text;
      pending += text;
      for (let end = pending.indexOf('\r\n\r\n'); end >= 0; end = pending.indexOf('\r\n\r\n')) {
        const head = pending.slice(0, end);
        // A body of known length belongs to this request; others must not be mistaken for a head by the test.
        const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
        pending = pending.slice(end + 4 + length);
        heads.push(head);
        answer(socket, head);
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => connections.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of connections) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, heads, received: () => received, connections };
}

/** A whole answer with this body. */
export function ok(body: string, ...headers: string[]): string {
  const lines = ['HTTP/1.1 200 OK', `Content-Length: ${Buffer.byteLength(body)}`, ...headers];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
