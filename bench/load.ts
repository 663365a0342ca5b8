/**
 * The client of every comparison, in a process of its own: `load.ts OPTIONS` (JSON) keeps so many connections busy, each with
 * its next request as soon as the last was answered, and prints what came of it (JSON). It does little more than read and
 * write sockets, so that the machine's time goes to the server.
 */
import { connect } from 'node:net';
import { answerReader } from './load.answers.ts';

export interface LoadOptions {
  port: number;
  connections: number;
  seconds: number;
  /** Whole requests; each connection sends them in turn, beginning at another one. */
  requests: string[];
}

export interface LoadResult {
  answered: number;
  /** Answers with a status other than 2xx, and connections that broke. */
  failed: number;
  bytes: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
}

const BUFFER_BYTES = 65_536;

async function drive({ port, connections, seconds, requests }: LoadOptions): Promise<LoadResult> {
  const texts = requests.map((text) => Buffer.from(text));
  const latenciesMs: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  let [failed, bytes] = [0, 0];

  async function converse(first: number): Promise<void> {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    let next = first;
    let sentMs = 0;
    const send = (): void => {
      sentMs = performance.now();
      socket.write(texts[next++ % texts.length]!);
    };
    const read = answerReader((status, length) => {
      const nowMs = performance.now();
      latenciesMs.push(nowMs - sentMs);
      bytes += length;
      if (status < 200 || status > 299) failed += 1;
      if (nowMs < endMs) send();
      else socket.destroy();
    });
    const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
    const callback = (size: number): boolean => {
      read(buffer.subarray(0, size));
      return true;
    };
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback } });
    socket.once('connect', send);
    socket.once('end', () => (failed += 1));
    socket.once('error', () => (failed += 1));
    socket.once('close', resolve);
    await ended;
  }

  await Promise.all(Array.from({ length: connections }, (_, index) => converse(index)));
  const sorted = Float64Array.from(latenciesMs).toSorted();
  const quantile = (q: number): number => sorted[Math.floor(q * (sorted.length - 1))] ?? 0;
  return {
    answered: sorted.length,
    failed,
    bytes,
    seconds: (performance.now() - startMs) / 1000,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  };
}

if (import.meta.main) {
  const result = await drive(JSON.parse(process.argv[2] ?? '{}') as LoadOptions);
  process.stdout.write(JSON.stringify(result));
}
