import type { ServerResponse } from 'node:http';
import type { Problem } from '@orchestrator/contracts/problem.ts';
import { Gauge, registry } from '@orchestrator/kit/metrics.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Dispatcher } from 'undici';
import Client from 'undici/lib/dispatcher/client.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import { readBody } from './body.ts';
import { answerHeaders, requestHeaders } from './headers.ts';
import { createTurnstile } from './turnstile.ts';
import type { Turnstile } from './turnstile.ts';
import { isConnectionFailure, toProblem, tooSlow } from './upstream.problems.ts';

/**
 * Requests that one upstream works on at a time; more would only wait there, where they cost more. Answers that have begun
 * do not count: a thousand slow readers of long lists hold a connection each, and are in nobody's way.
 */
const EXCHANGES_MAX = 64;

const CONNECT_TIMEOUT_MS = 1000;

/** From the end of the request to the first byte of the answer's body: on a busy machine, too, under the 5 s of any answer. */
const ANSWER_TIMEOUT_MS = 4000;

/** The part of it that may pass in line: whoever is sent at last has a second left, enough for an answer. */
const LINE_TIMEOUT_MS = 3000;

/** The longest pause inside an answer; undici notices it up to a second late. */
const PAUSE_TIMEOUT_MS = 4000;

/** A client that takes nothing of its answer for so long would keep a connection to the upstream busy for nothing. */
const STALLED_CLIENT_TIMEOUT_MS = 10_000;

/** Connections are renewed, so that added replicas get their share. */
const CONNECTION_LIFETIME_MS = 30_000;

const connectionOptions = {
  pipelining: 1,
  connect: { timeout: CONNECT_TIMEOUT_MS },
  // The exchange has its own limit, which counts the time in line too.
  headersTimeout: 0,
  bodyTimeout: PAUSE_TIMEOUT_MS,
};

const turnstiles = new Map<string, Turnstile>();

const exchanges = new Gauge({
  name: 'upstream_exchanges',
  help: 'Requests handed on to an upstream by state; waiting counts those that wait for a connection',
  labelNames: ['upstream', 'state'],
  registers: [registry],
  collect() {
    for (const [upstream, { running, waiting }] of turnstiles) {
      exchanges.set({ upstream, state: 'running' }, running());
      exchanges.set({ upstream, state: 'waiting' }, waiting());
    }
  },
});

export interface Upstream {
  /**
   * Hands a request on to `path` of the upstream and its answer back, as they are. Resolves when the answer has begun;
   * rejects with a Problem when there is none: 400 or 413 (the request), 502 (unreachable, no HTTP), 504 (too slow).
   */
  forward: (request: FastifyRequest, reply: FastifyReply, path: string) => Promise<void>;
  /** Resolves when what is under way has ended. */
  close: () => Promise<void>;
}

interface UpstreamOptions {
  origin: string;
  /** Names it in metrics and problems. */
  name: string;
  bodyLimitBytes: number;
  stopping: AbortSignal;
}

export function openUpstream({ origin, name, bodyLimitBytes, stopping }: UpstreamOptions): Upstream {
  // No limit on connections: the turnstile has it, and whoever waits there can leave the line.
  const pool = new Pool(origin, { ...connectionOptions, connections: null, clientTtl: CONNECTION_LIFETIME_MS });
  const turnstile = createTurnstile(EXCHANGES_MAX);
  turnstiles.set(name, turnstile);

  return {
    forward: async (request, reply, path) => {
      const body = await readBody(request.raw, bodyLimitBytes);
      const outgoing = {
        path: path + queryOf(request.url),
        method: request.method,
        headers: requestHeaders(request.raw.rawHeaders, {
          'x-request-id': request.id,
          traceparent: request.trace.traceparent,
          tracestate: request.trace.tracestate,
        }),
        body,
      };
      // Clients shall connect elsewhere; Fastify's own hooks do not see an answer that is streamed.
      if (stopping.aborted) reply.header('connection', 'close');
      await new Exchange({ name, origin, pool, turnstile, outgoing, reply }).answered;
    },
    close: () => pool.close(),
  };
}

function queryOf(url: string): string {
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at);
}

interface ExchangeOptions {
  name: string;
  origin: string;
  pool: Pool;
  turnstile: Turnstile;
  outgoing: Dispatcher.DispatchOptions;
  reply: FastifyReply;
}

/** One request on its way: waits for its turn, is sent (a GET twice at most), and streams the answer back. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly answered: Promise<void>;
  readonly #settle: { resolve: () => void; reject: (problem: Problem) => void };
  readonly #options: ExchangeOptions;
  readonly #response: ServerResponse;
  readonly #startedMs = performance.now();
  #deadline: NodeJS.Timeout | undefined;
  #isWaiting = true;
  #isRetry = false;
  #hasBegun = false;
  /** The client has its answer, or a problem, or has gone. */
  #isOver = false;
  #upstream: Dispatcher.DispatchController | undefined;
  #status = 0;

  constructor(options: ExchangeOptions) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.answered = promise;
    this.#settle = { resolve, reject };
    this.#options = options;
    this.#response = options.reply.raw;
    this.#response.once('close', () => this.#end());
    options.turnstile.enter(this.#send);
    if (this.#isWaiting) this.#endAfter(LINE_TIMEOUT_MS);
  }

  /** Counted from the beginning. */
  #endAfter(timeoutMs: number): void {
    clearTimeout(this.#deadline);
    const restMs = timeoutMs - Math.round(performance.now() - this.#startedMs);
    this.#deadline = setTimeout(() => this.#end(tooSlow(this.#options.name)), restMs);
  }

  readonly #send = (): void => {
    const { origin, pool, outgoing } = this.#options;
    this.#isWaiting = false;
    if (!this.#isRetry) {
      this.#endAfter(ANSWER_TIMEOUT_MS);
      pool.dispatch(outgoing, this);
      return;
    }
    // When one kept connection is dead the others may be dead as well: an upstream that was restarted.
    const fresh = new Client(origin, connectionOptions);
    fresh.dispatch(outgoing, this);
    void fresh.close();
  };

  onRequestStart(upstream: Dispatcher.DispatchController): void {
    if (this.#isOver) throw new Error('nobody waits for the answer any more');
    this.#upstream = upstream;
  }

  onResponseStart(_upstream: Dispatcher.DispatchController, status: number): void {
    // An informational answer (RFC 9110, section 15.2) is followed by the final one, and is not passed on.
    this.#status = status;
  }

  onResponseData(upstream: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#beginAnswer(upstream);
    if (this.#response.write(chunk)) return;
    upstream.pause();
    this.#response.setTimeout(STALLED_CLIENT_TIMEOUT_MS);
  }

  onResponseEnd(upstream: Dispatcher.DispatchController): void {
    this.#beginAnswer(upstream);
    this.#isOver = true;
    this.#response.end();
  }

  onResponseError(_upstream: Dispatcher.DispatchController, error: Error): void {
    const { turnstile, name } = this.#options;
    if (!this.#hasBegun) turnstile.leave(this.#send);
    if (this.#isOver) return;
    if (this.#mayBeSentAgain(error)) {
      this.#isWaiting = true;
      this.#isRetry = true;
      this.#upstream = undefined;
      turnstile.enter(this.#send);
    } else {
      this.#end(toProblem(error, name));
    }
  }

  /** The head waits for the first byte of the body: until then a failure can still be told as a problem. */
  #beginAnswer(upstream: Dispatcher.DispatchController): void {
    if (this.#hasBegun) return;
    const { reply, turnstile } = this.#options;
    this.#response.writeHead(this.#status, answerHeaders(upstream.rawHeaders as Buffer[], reply.getHeaders()));
    this.#hasBegun = true;
    turnstile.leave(this.#send);
    this.#response.on('drain', () => upstream.resume());
    clearTimeout(this.#deadline);
    reply.hijack();
    this.#settle.resolve();
  }

  /** Without a problem: the client has gone. An answer that has begun can only be broken off, so that it is not taken for a whole one. */
  #end(problem?: Problem): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#deadline);
    if (problem && !this.#hasBegun) {
      this.#settle.reject(problem);
    } else {
      this.#options.reply.hijack();
      this.#response.destroy();
      this.#settle.resolve();
    }
    if (this.#isWaiting) this.#options.turnstile.leave(this.#send);
    this.#upstream?.abort(new Error('nobody waits for the answer any more'));
  }

  #mayBeSentAgain(error: Error): boolean {
    const { method, body } = this.#options.outgoing;
    return (
      (method === 'GET' || method === 'HEAD') &&
      !body &&
      !this.#isRetry &&
      this.#status === 0 &&
      isConnectionFailure(error)
    );
  }
}
