import { fileURLToPath } from 'node:url';
import { run } from '@orchestrator/orchestrator/exec.ts';
import type { Bench, Running } from './bench.ts';
import type { Side } from './comparison.ts';
import type { LoadOptions, LoadResult } from './load.ts';
import { cpuSeconds } from './measure.ts';

const program = fileURLToPath(new URL('load.ts', import.meta.url));

/** Beyond the time of the load itself: its start, and the last answers. */
const SLACK_MS = 30_000;

/** As many as a busy server has at once on a small machine. */
export const CONNECTIONS = 64;

/** Drives a load from another process. @throws when an answer was not 2xx or a connection broke */
export async function load(options: LoadOptions, signal: AbortSignal): Promise<LoadResult> {
  const timeoutMs = options.seconds * 1000 + SLACK_MS;
  const output = await run([process.execPath, program, JSON.stringify(options)], { timeoutMs, signal });
  const result = JSON.parse(output) as LoadResult;
  if (result.failed > 0)
    throw new Error(`${result.failed} of ${result.answered} requests failed (port ${options.port})`);
  return result;
}

/** A side that answers requests: how many in a second of its CPU. */
export function httpSide(bench: Bench, { name, pid, port }: Running, requests: string[]): Side {
  return {
    name,
    round: async () => {
      const before = cpuSeconds(pid);
      const { answered } = await load(
        { port, connections: CONNECTIONS, seconds: bench.seconds, requests },
        bench.signal,
      );
      return answered / (cpuSeconds(pid) - before);
    },
  };
}

export function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`;
}

export function post(path: string, body: string): string {
  const length = Buffer.byteLength(body);
  return `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`;
}

/** The JSON value that a side answers. @throws when it is no 2xx */
export async function answerOf({ name, port }: Running, path: string, init?: RequestInit): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, init);
  if (!answer.ok) throw new Error(`${name} answers ${answer.status} to ${path}: ${await answer.text()}`);
  return answer.json();
}
