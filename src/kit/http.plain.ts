import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { http } from './http.node.ts';
import { readPlainRequest } from './http.plain.request.ts';
import type { PlainRequest } from './http.plain.request.ts';
import { PlainResponse } from './http.plain.response.ts';

/** What may wait on a connection while a request is answered. */
const WAITING_MAX_BYTES = 65_536;

/** As Node does: what a client sends at the last moment is still taken. */
const KEEP_ALIVE_GRACE_MS = 1000;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Takes a plain request, or leaves it to the handler of all others. @returns whether it was taken */
export type Shortcut = (request: PlainRequest, response: PlainResponse) => boolean;

/**
 * Node's HTTP server, with a short way for plain requests: those that come whole, in one piece, and say nothing unusual about
 * themselves or the connection. They are read and answered here, at half the cost. With the first request that is anything
 * else its connection goes over to Node, for good: there is one parser for whatever could be understood in two ways.
 */
export class PlainServer extends http.Server {
  shortcut: Shortcut | undefined;
  readonly #toNode: (socket: Socket) => void;
  readonly #connections = new Set<PlainConnection>();
  readonly #maxHeaderBytes: number;

  constructor(options: ServerOptions & { maxHeaderSize: number }, handler: Handler) {
    super(options, handler);
    this.#maxHeaderBytes = options.maxHeaderSize;
    const [toNode] = this.listeners('connection');
    if (!toNode) throw new Error("Node's HTTP server takes its connections elsewhere");
    this.#toNode = (socket) => toNode.call(this, socket);
    this.removeAllListeners('connection').on('connection', (socket: Socket) => this.#take(socket));
  }

  #take(socket: Socket): void {
    const connection = new PlainConnection({
      socket,
      maxHeaderBytes: this.#maxHeaderBytes,
      server: this,
      onOver: () => this.#connections.delete(connection),
      toNode: this.#toNode,
    });
    this.#connections.add(connection);
  }

  override closeIdleConnections(): void {
    super.closeIdleConnections();
    for (const connection of this.#connections) connection.closeIfIdle();
  }

  override closeAllConnections(): void {
    super.closeAllConnections();
    for (const connection of this.#connections) connection.destroy();
  }
}

interface ConnectionOptions {
  socket: Socket;
  maxHeaderBytes: number;
  server: PlainServer;
  /** It has ended, or Node has it. */
  onOver: () => void;
  toNode: (socket: Socket) => void;
}

/** A connection on which all requests were plain so far. One is answered at a time. */
class PlainConnection {
  readonly #options: ConnectionOptions;
  /** Of the request in hand. */
  #response: PlainResponse | undefined;
  /** What came after it. */
  #rest: Buffer | undefined;
  #isFresh = true;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { socket, server } = options;
    socket.setTimeout(server.headersTimeout);
    socket
      .on('data', this.#onData)
      .on('drain', this.#onDrain)
      .on('timeout', this.#onTimeout)
      .on('end', this.#onEnd)
      .on('error', this.#onError)
      .on('close', this.#onClose);
  }

  closeIfIdle(): void {
    if (!this.#response) this.destroy();
  }

  destroy(): void {
    this.#options.socket.destroy();
  }

  readonly #onData = (piece: Buffer): void => {
    this.#rest = this.#rest ? Buffer.concat([this.#rest, piece]) : piece;
    if (!this.#response) this.#next(this.#rest);
    // Who sends more than is answered has to wait. Up to there it is read, for only so is it seen that a client has gone.
    else if (this.#rest.length > WAITING_MAX_BYTES) this.#options.socket.pause();
  };

  #next(bytes: Buffer): void {
    const { socket, server, maxHeaderBytes } = this.#options;
    const read = readPlainRequest(bytes, maxHeaderBytes, socket);
    if (!read) {
      this.#handOver(bytes);
      return;
    }
    this.#isFresh = false;
    this.#limitIdleTime();
    this.#rest = read.end < bytes.length ? bytes.subarray(read.end) : undefined;
    this.#response = new PlainResponse(socket, server, this.#onFinish);
    if (!server.shortcut?.(read.request, this.#response)) server.emit('request', read.request, this.#response);
  }

  readonly #onFinish = (isKept: boolean): void => {
    const { socket, server } = this.#options;
    this.#response = undefined;
    if (!isKept || !server.listening) {
      socket.destroySoon();
      return;
    }
    this.#limitIdleTime();
    if (!this.#rest) return;
    socket.resume();
    this.#next(this.#rest);
  };

  /** Before the first request, and for the answer, there may be another limit. */
  #limitIdleTime(): void {
    const { socket, server } = this.#options;
    const limitMs = server.keepAliveTimeout + KEEP_ALIVE_GRACE_MS;
    if (socket.timeout !== limitMs) socket.setTimeout(limitMs);
  }

  #handOver(bytes: Buffer): void {
    const { socket, onOver, toNode } = this.#options;
    socket
      .off('data', this.#onData)
      .off('drain', this.#onDrain)
      .off('timeout', this.#onTimeout)
      .off('end', this.#onEnd)
      .off('error', this.#onError)
      .off('close', this.#onClose);
    socket.setTimeout(0);
    onOver();
    socket.unshift(bytes);
    toNode(socket);
  }

  readonly #onDrain = (): void => {
    this.#response?.emit('drain');
  };

  readonly #onTimeout = (): void => {
    const { socket, server } = this.#options;
    const isAwaited = this.#response?.writableEnded === false;
    // Who makes an answer has a limit for it, and may have set one for the client as well.
    if (isAwaited && socket.timeout === server.keepAliveTimeout + KEEP_ALIVE_GRACE_MS) return;
    if (this.#isFresh) server.emit('clientError', timedOut(), socket);
    else socket.destroy();
  };

  /** The client sends no more, and as with Node's own server that ends the connection. */
  readonly #onEnd = (): void => {
    this.#options.socket.end();
  };

  readonly #onError = (): void => {
    this.#options.socket.destroy();
  };

  readonly #onClose = (): void => {
    this.#options.onOver();
    const response = this.#response;
    this.#response = undefined;
    if (!response) return;
    response.destroyed = true;
    response.emit('close');
  };
}

/** What Node's own server says of a connection on which no request comes. */
function timedOut(): Error {
  return Object.assign(new Error('no request came in time'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
}
