import type { IncomingMessage } from 'node:http';
import type { Problem } from '@orchestrator/contracts/problem.ts';
import type { Observed } from '@orchestrator/kit/http.observe.ts';
import type { PlainRequest } from '@orchestrator/kit/http.plain.request.ts';
import type { AnyResponse } from '@orchestrator/kit/http.plain.response.ts';

/** A request that is handed on, and where its answer goes. */
export interface Forwarded {
  request: IncomingMessage | PlainRequest;
  observed: Observed;
  /** Path and query, as they are sent on. */
  target: string;
  response: AnyResponse;
  /** What the gateway itself says in the head of the answer, by names in lower case. */
  headers: Readonly<Record<string, unknown>>;
  /** The answer has begun, or its client has gone. */
  onTaken: () => void;
  /** There is no answer: 400 or 413 (the request), 502 (unreachable, no HTTP), 504 (too slow). */
  onProblem: (problem: Problem) => void;
}

/** Hands a request on and its answer back, as they are. */
export type Exchange = (forwarded: Forwarded) => void;
