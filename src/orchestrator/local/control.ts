import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import type { FailureKind } from '../failure.ts';
import { commandOn } from './data-folder.ts';
import { componentNames } from './ports.plan.ts';
import type { ComponentName } from './ports.plan.ts';
import { processIdentity } from './process-table.ts';
import type { Link } from './relays.ts';
import type { ComponentState } from './supervisor.ts';

/** What a second terminal can ask of the running system. */
export interface Control {
  status(): Status;
  start(name: ComponentName): Promise<void>;
  stop(name: ComponentName): Promise<void>;
  /** Puts a relay into each arrow between the parts, or takes them away; restarts the services behind it. */
  relay(isOn: boolean): Promise<void>;
  /** Cuts one arrow for so many milliseconds. */
  cut(link: Link, ms: number): void;
  /** Begins to stop everything. */
  down(): void;
}

export interface Status {
  pid: number;
  /** Where people go. */
  addresses: Readonly<Record<string, string>>;
  components: ComponentState[];
}

/** How to reach the running system: written by it, readable by its user only. */
interface ControlFile {
  port: number;
  token: string;
  pid: number;
  /** The pid alone may be another program's by now. */
  identity: string;
}

const fileIn = (dir: string): string => join(dir, 'control.json');

/** Longer than any start or stop may take. */
const requestTimeoutMs = 180_000;

/**
 * Listens on a port of 127.0.0.1 that the system chooses; the token keeps out other users and web pages. A Unix socket would
 * need a path of less than 104 characters.
 * @returns what stops listening
 */
export async function serveControl(dir: string, control: Control): Promise<AsyncDisposable> {
  const token = randomBytes(24).toString('hex');
  const server = createServer((request, response) => {
    const allowed = sameToken(request.headers.authorization ?? '', `Bearer ${token}`);
    const answered = allowed ? answer(control, request) : Promise.resolve({ status: 403, body: {} });
    void answered.catch(failureAnswer).then((result) => send(response, result));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the control port has no address');
  const { pid } = process;
  const file: ControlFile = { port: address.port, token, pid, identity: await processIdentity(pid) };
  await writeFile(`${fileIn(dir)}.new`, JSON.stringify(file), { mode: 0o600 });
  await rename(`${fileIn(dir)}.new`, fileIn(dir));
  return {
    [Symbol.asyncDispose]: async () => {
      await rm(fileIn(dir), { force: true });
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The control of the system that runs on this folder, with the process that it is. */
export interface RemoteControl {
  pid: number;
  identity: string;
  status(): Promise<Status>;
  start(name: ComponentName): Promise<void>;
  stop(name: ComponentName): Promise<void>;
  relay(isOn: boolean): Promise<void>;
  cut(link: Link, ms: number): Promise<void>;
  down(): Promise<void>;
}

/** @throws Failure when nothing runs on this folder */
export async function connectControl(dir: string): Promise<RemoteControl> {
  const file = await readControlFile(dir);
  if (file === undefined || (await processIdentity(file.pid)) !== file.identity) {
    throw new Failure('not-running', 'The system does not run.', { cure: commandOn(dir) });
  }
  const ask = (method: string, path: string): Promise<unknown> => request(file, method, path);
  return {
    pid: file.pid,
    identity: file.identity,
    status: async () => (await ask('GET', '/status')) as Status,
    start: async (name) => void (await ask('POST', `/start/${name}`)),
    stop: async (name) => void (await ask('POST', `/stop/${name}`)),
    relay: async (isOn) => void (await ask('POST', `/relay/${isOn ? 'on' : 'off'}`)),
    cut: async ({ from, to }, ms) => void (await ask('POST', `/cut/${from}/${to}/${ms}`)),
    down: async () => void (await ask('POST', '/down')),
  };
}

interface Answer {
  status: number;
  body: unknown;
}

async function answer(control: Control, { method, url = '' }: IncomingMessage): Promise<Answer> {
  const [, verb, name, to, ms] = url.split('/');
  const ok = (body: unknown = {}): Answer => ({ status: 200, body });
  if (method === 'GET' && verb === 'status') return ok(control.status());
  if (method === 'POST' && verb === 'down') {
    control.down();
    return ok();
  }
  if (method === 'POST' && isComponentName(name) && (verb === 'start' || verb === 'stop')) {
    await control[verb](name);
    return ok();
  }
  if (method === 'POST' && verb === 'relay' && (name === 'on' || name === 'off')) {
    await control.relay(name === 'on');
    return ok();
  }
  if (method === 'POST' && verb === 'cut' && isComponentName(name) && isComponentName(to)) {
    control.cut({ from: name, to }, Number(ms));
    return ok();
  }
  return { status: 404, body: {} };
}

function failureAnswer(error: unknown): Answer {
  if (error instanceof Failure)
    return { status: 409, body: { kind: error.kind, message: error.message, cure: error.cure } };
  return { status: 500, body: { message: error instanceof Error ? error.message : String(error) } };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(body));
}

async function request(file: ControlFile, method: string, path: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${file.port}${path}`, {
    method,
    headers: { authorization: `Bearer ${file.token}` },
    signal: AbortSignal.timeout(requestTimeoutMs),
  }).catch((cause: unknown) => {
    throw new Failure('not-running', `The system (pid ${file.pid}) does not answer; it is stopping perhaps.`, {
      cause,
    });
  });
  const body = (await response.json()) as { kind?: FailureKind; message?: string; cure?: string };
  if (response.ok) return body;
  const message = body.message ?? `the running system answered ${response.status}`;
  if (body.kind === undefined) throw new Error(message);
  throw new Failure(body.kind, message, body.cure === undefined ? {} : { cure: body.cure });
}

async function readControlFile(dir: string): Promise<ControlFile | undefined> {
  try {
    return JSON.parse(await readFile(fileIn(dir), 'utf8')) as ControlFile;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Failure('not-running', `${fileIn(dir)} cannot be read: the system runs as another user perhaps.`, {
      cause: error,
    });
  }
}

function isComponentName(name: string | undefined): name is ComponentName {
  return componentNames.some((known) => known === name);
}

function sameToken(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
