import type { Problem } from '@orchestrator/contracts/problem.ts';
import { readBody } from '@orchestrator/kit/http.body.ts';
import type { AnyResponse } from '@orchestrator/kit/http.plain.response.ts';
import { Gauge, registry } from '@orchestrator/kit/metrics.ts';
import { createTimeLimit } from '@orchestrator/kit/time-limit.ts';
import type { AnswerHead } from './answer.head.ts';
import { copyOf } from './chunks.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Exchange, Forwarded } from './forwarded.ts';
import { answerHeaders, requestHeaders } from './headers.ts';
import { createTurnstile } from './turnstile.ts';
import type { Turnstile } from './turnstile.ts';
import type { Exchanged, OutgoingRequest, UpstreamConnection, UpstreamError } from './upstream.connection.ts';
import { openPool } from './upstream.pool.ts';
import type { UpstreamPool } from './upstream.pool.ts';
import { toProblem, tooSlow } from './upstream.problems.ts';

/**
 * Requests that one upstream works on at a time; more would only wait there, where they cost more. Answers that have begun
 * do not count: a thousand slow readers of long lists hold a connection each, and are in nobody's way.
 */
const EXCHANGES_MAX = 64;

/** From the end of the request to the first byte of the answer's body: on a busy machine, too, under the 5 s of any answer. */
const ANSWER_TIMEOUT_MS = 4000;

/** The part of it that may pass in line: whoever is sent at last has a second left, enough for an answer. */
const LINE_TIMEOUT_MS = 3000;

const answerLimit = createTimeLimit(ANSWER_TIMEOUT_MS);
const lineLimit = createTimeLimit(LINE_TIMEOUT_MS);
type Wait = ReturnType<typeof answerLimit.start>;

/** A client that takes nothing of its answer for so long would keep a connection to the upstream busy for nothing. */
const STALLED_CLIENT_TIMEOUT_MS = 10_000;

/** An answer of this size that has come whole leaves as one text with its head, which costs one write; larger ones are copied. */
const SMALL_BYTES = 8192;

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
  /** Hands a request on and its answer back, as they are. */
  exchange: Exchange;
  /** The same in a hook of Fastify, to `path` of the upstream and with the request's query. */
  forward: (request: FastifyRequest, reply: FastifyReply, path: string, onProblem: (problem: Error) => void) => void;
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
  // The turnstile limits the exchanges, and whoever waits there can leave the line.
  const pool = openPool(origin);
  const turnstile = createTurnstile(EXCHANGES_MAX);
  turnstiles.set(name, turnstile);

  function exchange(forwarded: Forwarded): void {
    const { request, observed, target, onProblem } = forwarded;
    const send = (body: Buffer | null): void => {
      const headers = requestHeaders(request.rawHeaders, {
        'x-request-id': observed.id,
        traceparent: observed.trace.traceparent,
        tracestate: observed.trace.tracestate,
      });
      const outgoing = { method: observed.method, path: target, headers, body };
      void new Passage({ name, pool, turnstile, outgoing, forwarded });
    };
    try {
      const body = readBody(request, bodyLimitBytes);
      if (body instanceof Promise) body.then(send, onProblem);
      else send(body);
    } catch (problem) {
      onProblem(problem as Problem);
    }
  }

  return {
    exchange,
    forward: (request, reply, path, onProblem) => {
      // Clients shall connect elsewhere; Fastify's own hooks do not see an answer that is streamed.
      if (stopping.aborted) reply.header('connection', 'close');
      exchange({
        request: request.raw,
        observed: request,
        target: path + queryOf(request.url),
        response: reply.raw,
        headers: reply.getHeaders(),
        onTaken: () => void reply.hijack(),
        onProblem,
      });
    },
    close: () => pool.close(),
  };
}

function queryOf(url: string): string {
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at);
}

interface PassageOptions {
  name: string;
  pool: UpstreamPool;
  turnstile: Turnstile;
  outgoing: OutgoingRequest;
  forwarded: Forwarded;
}

/** One request on its way: waits for its turn, is sent (a GET twice at most), and streams the answer back. */
class Passage implements Exchanged {
  readonly #options: PassageOptions;
  readonly #response: AnyResponse;
  readonly #answerWait: Wait;
  #lineWait: Wait | undefined;
  /** In the turnstile, or in the line before it. */
  #hasPlace = false;
  #isRetry = false;
  #hasBegun = false;
  /** The client has its answer, or a problem, or has gone. */
  #isOver = false;
  #upstream: UpstreamConnection | undefined;
  #head: AnswerHead | undefined;
  /** The body, where it is small and came whole; in latin1. */
  #small = '';

  constructor(options: PassageOptions) {
    this.#options = options;
    this.#response = options.forwarded.response;
    this.#response.on('close', () => this.#end());
    const giveUp = (): void => this.#end(tooSlow(options.name));
    this.#answerWait = answerLimit.start(giveUp);
    this.#enter();
    if (!this.#upstream) this.#lineWait = lineLimit.start(giveUp);
  }

  readonly #send = (): void => {
    const { pool, outgoing } = this.#options;
    if (this.#lineWait) lineLimit.stop(this.#lineWait);
    // When one kept connection is dead the others may be dead as well: an upstream that was restarted.
    this.#upstream = pool.take({ fresh: this.#isRetry });
    this.#upstream.send(outgoing, this);
  };

  /** It waits for the first byte of the body: until then a failure can still be told as a problem. */
  onHead(head: AnswerHead): void {
    this.#head = head;
  }

  onData(bytes: Buffer): boolean {
    if (bytes.length === this.#head?.length && bytes.length <= SMALL_BYTES) {
      this.#small = bytes.toString('latin1');
      return true;
    }
    if (!this.#hasBegun) this.#response.on('drain', () => this.#upstream?.resume());
    this.#beginAnswer();
    const { copy, giveBack } = copyOf(bytes);
    if (this.#response.write(copy, giveBack)) return true;
    this.#response.setTimeout(STALLED_CLIENT_TIMEOUT_MS);
    return false;
  }

  onEnd(): void {
    this.#beginAnswer();
    this.#isOver = true;
    this.#upstream = undefined;
    this.#response.end(this.#small, 'latin1');
  }

  onError(error: UpstreamError): void {
    this.#upstream = undefined;
    this.#leave();
    if (this.#mayBeSentAgain(error)) {
      this.#isRetry = true;
      this.#enter();
    } else {
      this.#end(toProblem(error, this.#options.name));
    }
  }

  #beginAnswer(): void {
    if (this.#hasBegun || !this.#head) return;
    const { headers, onTaken } = this.#options.forwarded;
    this.#response.writeHead(this.#head.status, answerHeaders(this.#head.headers, headers));
    this.#hasBegun = true;
    this.#leave();
    answerLimit.stop(this.#answerWait);
    onTaken();
  }

  /** Without a problem: the client has gone. An answer that has begun can only be broken off, so that it is not taken for a whole one. */
  #end(problem?: Problem): void {
    if (this.#isOver) return;
    this.#isOver = true;
    answerLimit.stop(this.#answerWait);
    if (this.#lineWait) lineLimit.stop(this.#lineWait);
    if (problem && !this.#hasBegun) {
      this.#options.forwarded.onProblem(problem);
    } else {
      this.#options.forwarded.onTaken();
      this.#response.destroy();
    }
    this.#leave();
    this.#upstream?.abort();
  }

  #enter(): void {
    this.#hasPlace = true;
    this.#options.turnstile.enter(this.#send);
  }

  #leave(): void {
    if (!this.#hasPlace) return;
    this.#hasPlace = false;
    this.#options.turnstile.leave(this.#send);
  }

  #mayBeSentAgain(error: UpstreamError): boolean {
    const { method, body } = this.#options.outgoing;
    return (
      (method === 'GET' || method === 'HEAD') && !body && !this.#isRetry && !this.#head && error.kind === 'connection'
    );
  }
}
