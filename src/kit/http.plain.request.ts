import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

/**
 * A request line and headers that leave nothing to interpretation: a usual method, a path of visible characters, every line
 * ended as the standard says, no empty or folded header, nothing beyond ASCII.
 */
const HEAD = /(GET|POST|PUT|DELETE) (\/[!-~]*) HTTP\/1\.1\r\n((?:[A-Za-z0-9-]+:[\t\x20-\x7e]+\r\n)*)\r\n/y;

const LENGTH = /^(?:0|[1-9][0-9]{0,4})$/;

/** Headers that change how the connection is used. One that only repeats the default is plain. */
const UNUSUAL = new Set(['expect', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

interface Head {
  method: string;
  url: string;
  headers: Record<string, string>;
  rawHeaders: string[];
  /** Where the body begins. */
  bodyAt: number;
  bodyLength: number;
}

/** Reads the head that begins at `at`, in latin1. Undefined where it is not whole, or not plain. */
function readHead(text: string, at: number): Head | undefined {
  HEAD.lastIndex = at;
  const [all, method, url, lines] = HEAD.exec(text) ?? [];
  if (all === undefined || method === undefined || url === undefined || lines === undefined) return undefined;
  const headers: Record<string, string> = {};
  const rawHeaders: string[] = [];
  for (let from = 0; from < lines.length;) {
    const to = lines.indexOf('\r\n', from);
    const colon = lines.indexOf(':', from);
    const name = lines.slice(from, colon);
    const value = lines.slice(colon + 1, to).trim();
    const key = name.toLowerCase();
    // What is sent twice, and names that every object has, such as "constructor".
    if (key in headers || UNUSUAL.has(key)) return undefined;
    headers[key] = value;
    rawHeaders.push(name, value);
    from = to + 2;
  }
  const { connection, 'content-length': length = '0' } = headers;
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return undefined;
  if (!LENGTH.test(length) || (length !== '0' && method !== 'POST' && method !== 'PUT')) return undefined;
  return { method, url, headers, rawHeaders, bodyAt: at + all.length, bodyLength: Number(length) };
}

/**
 * The plain request that `bytes` begin with; undefined where they begin with anything else, or with a part of one only.
 * `end` is where the next one begins.
 */
export function readPlainRequest(
  bytes: Buffer,
  maxHeaderBytes: number,
  socket: Socket,
): { request: PlainRequest; end: number } | undefined {
  const head = readHead(bytes.toString('latin1', 0, maxHeaderBytes), 0);
  if (!head || head.bodyAt + head.bodyLength > bytes.length) return undefined;
  const end = head.bodyAt + head.bodyLength;
  return { request: new PlainRequest(head, bytes.subarray(head.bodyAt, end), socket), end };
}

/** What is used of Node's `IncomingMessage`, for a request that has come whole. */
export class PlainRequest extends EventEmitter {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawHeaders: readonly string[];
  readonly httpVersion = '1.1';
  readonly httpVersionMajor = 1;
  readonly httpVersionMinor = 1;
  readonly complete = true;
  readonly aborted = false;
  readonly socket: Socket;
  readonly body: Buffer;
  #hasFlowed = false;

  constructor({ method, url, headers, rawHeaders }: Head, body: Buffer, socket: Socket) {
    super();
    this.method = method;
    this.url = url;
    this.headers = headers;
    this.rawHeaders = rawHeaders;
    this.socket = socket;
    this.body = body;
  }

  override on(name: string, listener: (...args: unknown[]) => void): this {
    super.on(name, listener);
    if (name === 'data') this.resume();
    return this;
  }

  /** As a stream does that flows: the body, where there is one, then the end. */
  resume(): this {
    if (!this.#hasFlowed) process.nextTick(flow, this);
    this.#hasFlowed = true;
    return this;
  }
}

function flow(request: PlainRequest): void {
  if (request.body.length > 0) request.emit('data', request.body);
  request.emit('end');
}
