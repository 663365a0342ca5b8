import assert from 'node:assert/strict';
import { problemSchema } from '@orchestrator/contracts/problem.ts';
import type { ProblemCode } from '@orchestrator/contracts/problem.ts';
import { Ajv } from 'ajv';
import type { Answer } from './exchange.ts';

const isProblem = new Ajv({ strict: false }).compile<Problem>(problemSchema);

export interface Problem {
  status: number;
  code: ProblemCode;
  detail: string;
  request_id: string;
  errors?: Array<{ field: string; rule: string; message: string }>;
}

/** No answer may take 5 s, but those to requests that never end; the rest is what a busy machine adds. */
export const ANSWER_LIMIT_MS = 8000;

/** What tells of the inside: sources, libraries, error codes, SQL, addresses, product names. */
const INTERNALS = [
  /node_modules|\.ts\b|\.js\b|\bat \S+:\d+/,
  /\b(FST_|HPE_|UND_ERR|ERR_|E(CONN|PIPE|NOTFOUND|AI_AGAIN|TIMEDOUT))/,
  /fastify|undici|\bajv\b|amqp|rabbitmq|postgres|pg_|node\.js|express|x-powered-by|\bserver:/i,
  /\b(SELECT|INSERT|UPDATE|DELETE FROM|SQLSTATE|WHERE|relation|constraint|duplicate key)\b/,
  /Unexpected (token|end|string|number|non-)|JSON at|at position|Cannot read|is not a function/,
  /127\.0\.0\.1|localhost|::1|inventory-app:|billing-app:/,
];

/** Fails when an error answer lets something of the inside out, or sends back what came in. */
export function assertDiscreet({ head, body }: Answer, secrets: string[]): void {
  const whole = `${head}\r\n\r\n${body}`;
  for (const internal of INTERNALS) assert.doesNotMatch(whole, internal);
  for (const secret of secrets) assert.ok(!whole.includes(secret), `${secret} came back in ${whole}`);
}

/** Fails unless the answer is a well-formed problem with this status and code; returns it. */
export function assertProblem(answer: Answer, status: number, code?: ProblemCode): Problem {
  const whole = `${answer.head}\r\n\r\n${answer.body}`;
  assert.equal(answer.status, status, whole);
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  const problem: unknown = JSON.parse(answer.body);
  assert.ok(isProblem(problem), `${JSON.stringify(isProblem.errors)}: ${whole}`);
  assert.equal(problem.status, status, whole);
  if (code !== undefined) assert.equal(problem.code, code, whole);
  return problem;
}
