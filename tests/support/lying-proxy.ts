import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { testOf } from './scope.ts';
import type { Scope } from './scope.ts';

/** A request on its way to the server; a lie changes it in place. */
export interface Question {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** The answer on its way back. */
export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Lie {
  /** Changes what the server is asked. */
  question?: (question: Question) => void;
  /** Changes what it answers. */
  answer?: (answer: Reply, question: Question) => void;
}

export interface LyingProxy {
  url: string;
  /** Lies like this from now on; without a lie everything goes through as it is. */
  tell: (lie: Lie) => void;
}

/** Stands before a server and lies about it: the smallest way to break a promise of an API. */
export async function startLyingProxy(scope: Scope, upstream: string): Promise<LyingProxy> {
  let lie: Lie = {};
  const reply = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, headers, body } = await relay(incoming, upstream, lie);
    response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) });
    response.end(body);
  };
  const proxy = createServer((incoming, response) => {
    // Whoever waits for an answer that cannot be got sees the connection end.
    reply(incoming, response).catch(() => response.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  testOf(scope).after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    tell: (next) => {
      lie = next;
    },
  };
}

async function relay(incoming: IncomingMessage, upstream: string, lie: Lie): Promise<Reply> {
  const { method = 'GET', url: path = '/', headers } = incoming;
  const question: Question = { method, path, headers: { ...headers }, body: await text(incoming) };
  const asked = { ...question };
  lie.question?.(question);
  const answer = await ask(upstream, question);
  lie.answer?.(answer, asked);
  return answer;
}

async function ask(upstream: string, { method, path, headers, body }: Question): Promise<Reply> {
  const { hostname, port } = new URL(upstream);
  const length = headers['content-length'] === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const sent = request({ hostname, port, method, path, agent: false, headers: { ...headers, ...length } });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const { 'transfer-encoding': _framing, ...kept } = response.headers;
  return { status: response.statusCode ?? 0, headers: kept, body: await text(response) };
}
