import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { MalformedAnswerError } from './answer.head.ts';
import { AnswerReader } from './answer.reader.ts';
import type { AnswerListener } from './answer.reader.ts';

const CONNECT_TIMEOUT_MS = 1000;

/** The longest pause inside an answer; noticed up to a second late. */
const PAUSE_TIMEOUT_MS = 4000;

/** `connection`: it could not be made, or broke before the whole answer, which says nothing about the request. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly kind: 'connection' | 'malformed' | 'stalled';

  constructor(kind: UpstreamError['kind'], message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

export interface Exchanged extends AnswerListener {
  /** There will be no (more of the) answer. */
  onError: (error: UpstreamError) => void;
}

export interface OutgoingRequest {
  method: string;
  path: string;
  /** Names and values in turn. */
  headers: readonly string[];
  body: Buffer | null;
}

/** One for all connections: what is read is worked off before the next read, and what is kept of it is copied. */
const readBuffer = Buffer.allocUnsafe(65_536);

/** One connection to an upstream, for one exchange after the other. */
export class UpstreamConnection {
  readonly openedMs = performance.now();
  /** When the last exchange ended. */
  idleSinceMs = 0;
  readonly #host: string;
  readonly #socket: Socket;
  readonly #onIdle: (connection: UpstreamConnection) => void;
  #reader: AnswerReader | undefined;
  #exchange: Exchanged | undefined;
  #isPaused = false;
  #lastReadMs = 0;

  /** `onIdle` is told when an exchange has ended and another may follow, `onClosed` once when the connection is gone. */
  constructor(
    { hostname, port, host }: URL,
    onIdle: (connection: UpstreamConnection) => void,
    onClosed: (connection: UpstreamConnection) => void,
  ) {
    this.#host = host;
    this.#onIdle = onIdle;
    this.#socket = connect({
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(port || 80),
      noDelay: true,
      keepAlive: true,
      onread: { buffer: readBuffer, callback: (size) => this.#read(size) },
    });
    const timer = setTimeout(
      () => this.#fail(new UpstreamError('connection', `no connection in ${CONNECT_TIMEOUT_MS} ms`)),
      CONNECT_TIMEOUT_MS,
    );
    this.#socket
      .once('connect', () => clearTimeout(timer))
      .once('error', (cause) => this.#fail(new UpstreamError('connection', cause.message, cause)))
      .once('end', () => this.#ended())
      .once('close', () => {
        clearTimeout(timer);
        this.#fail(new UpstreamError('connection', 'the connection was closed'));
        onClosed(this);
      });
  }

  /** Sends a request; only while no other is under way. */
  send(request: OutgoingRequest, exchange: Exchanged): void {
    this.#exchange = exchange;
    this.#reader = new AnswerReader(request.method, exchange);
    this.#isPaused = false;
    this.#lastReadMs = 0;
    const head = requestHead(request, this.#host);
    if (!request.body) {
      this.#socket.write(head, 'latin1');
      return;
    }
    this.#socket.cork();
    this.#socket.write(head, 'latin1');
    this.#socket.write(request.body);
    this.#socket.uncork();
  }

  /** After `onData` said that no more is welcome. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#lastReadMs = performance.now();
    this.#socket.resume();
  }

  /** Gives the exchange up, and the connection with it. Nothing more is told. */
  abort(): void {
    this.#exchange = undefined;
    this.#socket.destroy();
  }

  /** Breaks an answer off whose next part does not come. */
  checkPause(nowMs: number): void {
    if (this.#isPaused || this.#lastReadMs === 0 || nowMs - this.#lastReadMs < PAUSE_TIMEOUT_MS) return;
    this.#fail(new UpstreamError('stalled', `nothing came for ${PAUSE_TIMEOUT_MS} ms`));
  }

  #read(size: number): boolean {
    const reader = this.#reader;
    if (!reader || !this.#exchange) {
      // Nobody asked.
      this.abort();
      return false;
    }
    this.#lastReadMs = performance.now();
    let isWelcome: boolean;
    try {
      isWelcome = reader.read(readBuffer.subarray(0, size));
    } catch (error) {
      this.#fail(
        error instanceof MalformedAnswerError ? new UpstreamError('malformed', error.message, error) : undefined,
      );
      if (error instanceof MalformedAnswerError) return false;
      throw error;
    }
    if (reader.hasEnded) {
      this.#release();
      return true;
    }
    this.#isPaused = !isWelcome;
    return isWelcome;
  }

  #release(): void {
    const isKept = this.#reader?.head?.isKept === true && this.#exchange !== undefined;
    this.#exchange = undefined;
    this.#reader = undefined;
    this.#lastReadMs = 0;
    if (!isKept) {
      this.#socket.destroy();
      return;
    }
    this.idleSinceMs = performance.now();
    this.#onIdle(this);
  }

  /** The other side has sent its last byte. */
  #ended(): void {
    if (this.#reader?.close()) this.#release();
    else this.#fail(new UpstreamError('connection', 'the connection was closed'));
  }

  #fail(error: UpstreamError | undefined): void {
    const exchange = this.#exchange;
    this.abort();
    if (error) exchange?.onError(error);
  }
}

function requestHead({ method, path, headers, body }: OutgoingRequest, host: string): string {
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`;
  for (let at = 0; at < headers.length; at += 2) head += `${headers[at]}: ${headers[at + 1]}\r\n`;
  const hasLength = body !== null || method === 'POST' || method === 'PUT' || method === 'PATCH';
  return hasLength ? `${head}content-length: ${body?.length ?? 0}\r\n\r\n` : `${head}\r\n`;
}
