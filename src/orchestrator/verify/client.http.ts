import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { ComponentName } from '../local/ports.plan.ts';
import type { Target } from '../target/target.ts';
import { Broken, expect } from './promise.ts';

/** No answer of the system may take 5 s; the rest is what a busy machine adds. */
const answerTimeoutMs = 15_000;

/** What of a body stands in the evidence. */
const shownChars = 300;

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as JSON; undefined when it is none. */
  json: unknown;
  /** For the evidence: `POST /api/movies {…} → 201 {…}`. */
  shown: string;
}

interface Sent {
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  body?: string;
  headers?: Record<string, string>;
}

export type Client = (method: string, path: string, sent?: Sent) => Promise<Reply>;

/** A client of the gateway, each request on a connection of its own. @throws Broken when no answer comes */
export const clientOf = (target: Target): Client => clientAt(target.gateways[0]);

/** The same of any other address. */
export function clientAt(base: string): Client {
  return async (method, path, { json, body = json === undefined ? undefined : JSON.stringify(json), headers } = {}) => {
    const asked = `${method} ${path}${body === undefined ? '' : ` ${clip(body)}`}`;
    const type = json === undefined ? {} : { 'content-type': 'application/json' };
    const reply = await send(base, method, path, body, { ...type, ...headers }).catch((error: unknown) => {
      throw new Broken(
        `${asked} → no answer from ${base}: ${reasonOf(error)}`,
        'Look whether it runs, and at its log.',
      );
    });
    return { ...reply, json: parse(reply.text), shown: `${asked} → ${reply.status} ${clip(reply.text)}`.trimEnd() };
  };
}

/** A client of one service itself, which only the system on this machine lets in. */
export const clientBehind = async (target: Target, name: ComponentName): Promise<Client> =>
  clientAt(`http://127.0.0.1:${await portOf(target, name)}`);

/** The port of a part of the system on this machine. */
export async function portOf(target: Target, name: ComponentName): Promise<number> {
  if (target.kind !== 'local') throw new TypeError(`${name} has no port of its own outside of a cluster`);
  const { components } = await target.control.status();
  return components.find((component) => component.name === name)!.port;
}

type Raw = Pick<Reply, 'status' | 'headers' | 'text'>;

/** Not fetch: it would correct paths, and keep connections that a restart breaks. */
function send(
  base: string,
  method: string,
  path: string,
  body: string | undefined,
  headers: Record<string, string>,
): Promise<Raw> {
  const { promise, resolve, reject } = Promise.withResolvers<Raw>();
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const { hostname, port } = new URL(base);
  const options = { hostname, port, method, path, agent: false, timeout: answerTimeoutMs };
  const sending = request({ ...options, headers: { ...length, ...headers } }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part: string) => (text += part));
    response.on('error', reject);
    response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
  });
  sending.on('error', reject);
  sending.on('timeout', () => sending.destroy(new Error(`none within ${answerTimeoutMs / 1000} s`)));
  sending.end(body);
  return promise;
}

/** @throws Broken unless it has this status; returns the body as JSON, empty where it is none */
export function expectStatus(reply: Reply, status: number, what = ''): unknown {
  const evidence = `${reply.shown}; expected ${status}${what && ` ${what}`}`;
  expect(reply.status === status, evidence);
  return reply.json ?? {};
}

interface Problem {
  code: string;
  detail: string;
  errors?: { field: string }[];
}

/** @throws Broken unless it is a well-formed problem (RFC 9457) with this status */
export function expectProblem(reply: Reply, status: number): Problem {
  expectStatus(reply, status);
  const type = reply.headers['content-type'];
  const problem = (reply.json ?? {}) as Record<string, unknown>;
  const texts = ['title', 'code', 'detail'].every((member) => typeof problem[member] === 'string');
  expect(
    type === 'application/problem+json' && problem['status'] === status && texts,
    `${reply.shown} with content-type ${type}; expected application/problem+json with status ${status}, title, code and detail`,
    'Errors are made in src/kit/http.problems.ts, from the table in src/contracts/problem.ts.',
  );
  return problem as unknown as Problem;
}

export const clip = (text: string): string => (text.length > shownChars ? `${text.slice(0, shownChars)}…` : text);

const reasonOf = (error: unknown): string =>
  error instanceof Error ? ('code' in error ? String(error.code) : error.message) : String(error);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
