import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** No answer may take 5 s, but the one to a request that never ends (10 s); the rest is what a busy machine adds. */
const ANSWER_TIMEOUT_MS = 20_000;

/** An answer as it came over the wire. */
export interface Answer {
  status: number;
  /** Status line and headers, as they came. */
  head: string;
  headers: Headers;
  body: string;
  tookMs: number;
}

/** A TCP connection that sends bytes as they are: what a client library would refuse to send, or would tidy up. */
export interface Connection {
  /** Sends one request in one or more pieces and reads its answer. Rejects when the connection ends before. */
  exchange: (...pieces: Bytes[]) => Promise<Answer>;
  /** Reads one more answer. */
  read: (method?: string) => Promise<Answer>;
  write: (bytes: Bytes) => void;
  /** Resolves when the server has ended the connection. */
  closed: () => Promise<void>;
  isOpen: () => boolean;
  end: () => void;
}

/** Text stands for its bytes in latin1, so that any byte can be written in it. */
export type Bytes = string | Buffer;

export function openConnection(port: number): Connection {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  let received: Buffer = Buffer.alloc(0);
  const state: { ended: boolean; failure?: Error } = { ended: false };
  socket.on('data', (chunk) => (received = Buffer.concat([received, chunk])));
  socket.on('error', (error) => (state.failure = error));
  socket.on('end', () => (state.ended = true));
  socket.on('close', () => (state.ended = true));

  const write = (bytes: Bytes): void => {
    if (socket.writable) socket.write(toBuffer(bytes));
  };
  const read = async (method = 'GET'): Promise<Answer> => {
    const startMs = performance.now();
    const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    for (;;) {
      const parsed = parseAnswer(received, method, state.ended);
      if (parsed) {
        received = received.subarray(parsed.length);
        return { ...parsed.answer, tookMs: performance.now() - startMs };
      }
      if (state.ended) throw new Error('the connection ended without a whole answer', { cause: state.failure });
      await progress(socket, timeout);
    }
  };
  return {
    exchange: async (...pieces) => {
      for (const piece of pieces) write(piece);
      return read(/^[A-Z]+/.exec(toBuffer(pieces[0] ?? '').toString('latin1', 0, 20))?.[0]);
    },
    read,
    write,
    closed: async () => {
      const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
      while (!state.ended) await progress(socket, timeout);
    },
    isOpen: () => !state.ended && socket.writable,
    end: () => socket.destroy(),
  };
}

async function progress(socket: Socket, timeout: AbortSignal): Promise<void> {
  const settled = new AbortController();
  const signal = AbortSignal.any([timeout, settled.signal]);
  const events = ['data', 'end', 'close'].map((event) => once(socket, event, { signal }));
  try {
    await Promise.race(events);
  } catch (cause) {
    // An error is followed by "close"; the rest of what was received is still to be read.
    if (timeout.aborted) throw new Error(`nothing came for ${ANSWER_TIMEOUT_MS} ms`, { cause });
  } finally {
    settled.abort();
    await Promise.allSettled(events);
  }
}

/** The first final answer among the bytes and the length it takes; undefined while it is not whole. */
function parseAnswer(
  bytes: Buffer,
  method: string,
  ended: boolean,
): { answer: Omit<Answer, 'tookMs'>; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  const [statusLine = '', ...fields] = head.split('\r\n');
  const status = Number(/^HTTP\/1\.1 ([1-5][0-9]{2})( |$)/.exec(statusLine)?.[1]);
  if (Number.isNaN(status)) throw new Error(`not an HTTP/1.1 answer: ${statusLine}`);
  const start = headEnd + 4;
  if (status < 200) {
    const final = parseAnswer(bytes.subarray(start), method, ended);
    return final && { ...final, length: final.length + start };
  }
  const headers = new Headers(fields.map((field) => splitField(field)));
  const rest = bytes.subarray(start);
  const body = method === 'HEAD' || status === 204 || status === 304 ? empty : readBody(rest, headers, ended);
  return body && { answer: { status, head, headers, body: body.text }, length: start + body.length };
}

interface Body {
  text: string;
  length: number;
}
const empty: Body = { text: '', length: 0 };

function readBody(bytes: Buffer, headers: Headers, ended: boolean): Body | undefined {
  if (headers.get('transfer-encoding') === 'chunked') return readChunks(bytes);
  const contentLength = headers.get('content-length');
  if (contentLength === null && !ended) return undefined;
  const length = contentLength === null ? bytes.length : Number(contentLength);
  return bytes.length < length ? undefined : { text: bytes.toString('utf8', 0, length), length };
}

function readChunks(bytes: Buffer): Body | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const sizeEnd = bytes.indexOf('\r\n', at);
    if (sizeEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, sizeEnd), 16);
    const next = sizeEnd + 2 + size + 2;
    if (bytes.length < next) return undefined;
    if (size === 0) return { text: Buffer.concat(chunks).toString(), length: next };
    chunks.push(bytes.subarray(sizeEnd + 2, next - 2));
    at = next;
  }
}

function splitField(field: string): [string, string] {
  const colon = field.indexOf(':');
  return [field.slice(0, colon), field.slice(colon + 1).trim()];
}

export function toBuffer(bytes: Bytes): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
}

/** A well-formed HTTP/1.1 request; `headers` are whole lines, each with its line end. */
export function request(method: string, target: string, headers = '', body: Bytes = ''): Buffer {
  const host = /^host:/im.test(headers) ? '' : 'Host: shop.example\r\n';
  return Buffer.concat([toBuffer(`${method} ${target} HTTP/1.1\r\n${host}${headers}\r\n`), toBuffer(body)]);
}

/** A request with a body of its length, by default as JSON. Text stands for its bytes in UTF-8. */
export function requestWithBody(
  method: string,
  target: string,
  body: string | Buffer,
  headers = 'Content-Type: application/json\r\n',
): Buffer {
  const bytes = Buffer.from(body as string);
  return request(method, target, `${headers}Content-Length: ${bytes.length}\r\n`, bytes);
}
