import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { http } from './http.node.ts';

/** What no header value may have (RFC 9110, section 5.5), and what is written as one byte in latin1 but two in UTF-8. */
const UNUSUAL = /[^\t\x20-\x7e]/;
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[^\t\x20-\x7e\x80-\xff]/;

/** Text from this size on is not joined with the head: that would be a copy more. */
const LARGE_BYTES = 8192;

const isBodiless = (status: number): boolean => status < 200 || status === 204 || status === 304;

type Callback = (error?: Error | null) => void;

/** What an answer is written to: Node's `ServerResponse`, or the one of a plain request. */
export interface AnyResponse {
  readonly statusCode: number;
  readonly writableFinished: boolean;
  /** `close` comes once. */
  on: (event: 'drain' | 'close', listener: () => void) => unknown;
  writeHead: (status: number, headers: string[]) => unknown;
  write: (bytes: Buffer, callback: Callback) => boolean;
  end: (text: string, encoding: 'latin1') => unknown;
  setTimeout: (ms: number) => unknown;
  destroy: () => unknown;
}

/**
 * What is used of Node's `ServerResponse`, for the answer to a plain request: written with as few calls as can be. Emits
 * `drain`, and after the end `finish`, when all was handed to the system, or only `close`, when the connection broke first.
 */
export class PlainResponse extends EventEmitter {
  statusCode = 200;
  headersSent = false;
  writableEnded = false;
  writableFinished = false;
  destroyed = false;
  readonly socket: Socket;
  readonly #server: Server;
  readonly #onFinish: (isKept: boolean) => void;
  readonly #headers: Record<string, string> = {};
  /** Empty again when it was written. */
  #head = '';
  #isAscii = true;
  #isKept = true;
  /** Of the whole body in bytes, where it was told before. */
  #length: number | undefined;
  #isChunked = false;
  #isDated = false;

  /** @param onFinish tells whether another request may follow */
  constructor(socket: Socket, server: Server, onFinish: (isKept: boolean) => void) {
    super();
    this.socket = socket;
    this.#server = server;
    this.#onFinish = onFinish;
  }

  setHeader(name: string, value: string | number): this {
    this.#headers[name.toLowerCase()] = String(value);
    return this;
  }

  getHeader(name: string): string | undefined {
    return this.#headers[name.toLowerCase()];
  }

  getHeaders(): Readonly<Record<string, string>> {
    return this.#headers;
  }

  hasHeader(name: string): boolean {
    return name.toLowerCase() in this.#headers;
  }

  removeHeader(name: string): void {
    delete this.#headers[name.toLowerCase()];
  }

  /** @param headers more of them; in an array, where a name may occur several times, names and values in turn */
  writeHead(status: number, headers: Readonly<Record<string, unknown>> | readonly string[] = {}): this {
    if (this.headersSent) throw new Error('the head of this answer was written before');
    this.statusCode = status;
    this.#head = `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ''}\r\n`;
    for (const name in this.#headers) this.#addHeader(name, this.#headers[name]!);
    if (isList(headers)) {
      for (let at = 0; at + 1 < headers.length; at += 2) this.#addHeader(headers[at]!, headers[at + 1]!);
    } else {
      for (const name in headers) this.#addHeader(name, String(headers[name]));
    }
    this.headersSent = true;
    return this;
  }

  #addHeader(name: string, value: string): void {
    if (UNUSUAL.test(value)) {
      if (FORBIDDEN.test(value)) throw new Error(`the header ${name} has a character that no header may have`);
      this.#isAscii = false;
    }
    switch (name.toLowerCase()) {
      case 'connection':
        this.#isKept &&= value.toLowerCase() !== 'close';
        return;
      case 'content-length':
        this.#length = Number(value);
        break;
      case 'date':
        this.#isDated = true;
        break;
      default:
    }
    this.#head += `${name}: ${value}\r\n`;
  }

  /** What is written before the first bytes of the body. @param length of the whole body in bytes, where it is known */
  #takeHead(length?: number): string {
    if (!this.headersSent) this.writeHead(this.statusCode);
    if (this.#head === '') return '';
    let head = this.#head;
    this.#head = '';
    if (!this.#isDated) head += `Date: ${httpDate()}\r\n`;
    this.#isKept &&= this.#server.listening;
    head += this.#isKept
      ? `Connection: keep-alive\r\nKeep-Alive: timeout=${this.#server.keepAliveTimeout / 1000}\r\n`
      : 'Connection: close\r\n';
    if (this.#length !== undefined || isBodiless(this.statusCode)) return `${head}\r\n`;
    this.#isChunked = length === undefined;
    return `${head}${this.#isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`}\r\n\r\n`;
  }

  /** @returns whether more is welcome; if not, `drain` tells when it is again */
  write(chunk: string | Buffer, callback?: Callback): boolean {
    const { socket } = this;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (this.writableEnded || this.destroyed) {
      callback?.(new Error('the answer has ended'));
      return false;
    }
    socket.cork();
    socket.write(this.#takeHead(), 'latin1');
    if (this.#isChunked && bytes.length > 0) socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
    socket.write(bytes, callback);
    if (this.#isChunked && bytes.length > 0) socket.write('\r\n', 'latin1');
    socket.uncork();
    return !socket.writableNeedDrain;
  }

  /** @param body all of it, or its last part, or nothing more */
  end(body?: string | Buffer | null, encoding?: 'utf8' | 'latin1' | null): this {
    if (this.writableEnded || this.destroyed) return this;
    if (this.headersSent && this.#head === '') this.#endBody(body ?? '', encoding ?? 'utf8');
    else this.#endWhole(body ?? '', encoding ?? 'utf8');
    this.writableEnded = true;
    return this;
  }

  #endBody(rest: string | Buffer, encoding: BufferEncoding): void {
    if (rest.length > 0) this.write(typeof rest === 'string' ? Buffer.from(rest, encoding) : rest);
    if (this.#isChunked) this.socket.write('0\r\n\r\n', 'latin1', this.#finish);
    else if (this.socket.writableLength > 0) this.socket.write('', 'latin1', this.#finish);
    // All of it was taken at once: writing nothing would be a system call more.
    else process.nextTick(this.#finish);
  }

  #endWhole(body: string | Buffer, encoding: BufferEncoding): void {
    const { socket } = this;
    const length = this.#length ?? Buffer.byteLength(body, encoding);
    const head = this.#takeHead(length);
    // One byte for each character: as latin1 it is written in the same way, and faster.
    const coding = length === body.length ? 'latin1' : encoding;
    if (typeof body === 'string' && length < LARGE_BYTES && (this.#isAscii || coding === 'latin1')) {
      socket.write(head + body, coding, this.#finish);
    } else {
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(body, coding, this.#finish);
      socket.uncork();
    }
  }

  readonly #finish = (error?: Error | null): void => {
    if (error) return;
    this.writableFinished = true;
    this.emit('finish');
    this.emit('close');
    this.#onFinish(this.#isKept);
  };

  /** A connection on which nothing moves for so long is cut off. */
  setTimeout(ms: number): this {
    this.socket.setTimeout(ms);
    return this;
  }

  destroy(): this {
    this.destroyed = true;
    this.socket.destroy();
    return this;
  }
}

const isList = (headers: object): headers is readonly string[] => Array.isArray(headers);

let [dateS, dateText] = [0, ''];

function httpDate(): string {
  const nowS = Math.floor(Date.now() / 1000);
  if (nowS !== dateS) [dateS, dateText] = [nowS, new Date(nowS * 1000).toUTCString()];
  return dateText;
}
