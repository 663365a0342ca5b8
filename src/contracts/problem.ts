import type { FromSchema } from 'json-schema-to-ts';

/** Every error this system answers with: its code, its HTTP status and its title. The one table from code to status. */
export const problems = {
  malformed_json: { status: 400, title: 'Malformed JSON' },
  malformed_request: { status: 400, title: 'Malformed request' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  request_timeout: { status: 408, title: 'Request timeout' },
  body_too_large: { status: 413, title: 'Body too large' },
  uri_too_long: { status: 414, title: 'URI too long' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  expectation_failed: { status: 417, title: 'Expectation failed' },
  invalid_field: { status: 422, title: 'Invalid request' },
  idempotency_conflict: { status: 422, title: 'Idempotency-Key already used' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'Request headers too large' },
  internal: { status: 500, title: 'Internal server error' },
  upstream_unreachable: { status: 502, title: 'Upstream unreachable' },
  database_unavailable: { status: 503, title: 'Database unavailable' },
  broker_unavailable: { status: 503, title: 'Broker unavailable' },
  queue_full: { status: 503, title: 'Queue full' },
  unroutable: { status: 503, title: 'Queue missing' },
  not_ready: { status: 503, title: 'Not ready' },
  outcome_unknown: { status: 503, title: 'Outcome unknown' },
  upstream_timeout: { status: 504, title: 'Upstream timeout' },
} as const;

export type ProblemCode = keyof typeof problems;

/** One wrong field: where it is, which rule it broke, and what it must be. Never the value that was sent. */
export const fieldErrorSchema = {
  type: 'object',
  required: ['field', 'rule', 'message'],
  properties: {
    field: { type: 'string', description: 'name of the field; empty for the body as a whole' },
    rule: { type: 'string', description: 'the rule of the schema that was broken' },
    message: { type: 'string', description: 'what the field must be' },
  },
} as const;

export type FieldError = FromSchema<typeof fieldErrorSchema>;

/** The body of every error answer (RFC 9457, `application/problem+json`). */
export const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'request_id'],
  properties: {
    type: { type: 'string', const: 'about:blank' },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    code: { type: 'string', enum: Object.keys(problems) },
    detail: { type: 'string', description: 'what happened and what to do now' },
    errors: { type: 'array', items: fieldErrorSchema, description: 'one entry per wrong field' },
    request_id: { type: 'string', description: 'quote it when you report the error' },
  },
} as const;

interface ProblemOptions extends ErrorOptions {
  errors?: FieldError[];
  /** Headers that belong to the answer: `Retry-After` (seconds), `Allow`. */
  headers?: Record<string, string>;
}

/** The error that any layer throws; the HTTP edge turns it into an answer. `detail` is shown to clients, `cause` never is. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly errors: FieldError[] | undefined;
  readonly headers: Record<string, string>;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, options);
    this.name = 'Problem';
    this.code = code;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }

  get status(): number {
    return problems[this.code].status;
  }
}
