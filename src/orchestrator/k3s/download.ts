import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../failure.ts';
import type { Work } from '../providers/provider.ts';
import type { Pin } from './pins.ts';

/** Without a byte for this long the connection counts as dead. */
const stallMs = 30_000;

const progressEveryMs = 5_000;

/**
 * Makes sure that `path` is the pinned file: it is there already, or it is downloaded, going on where an interrupted download
 * stopped. The sum is taken of the bytes as they come, and the file has its name only once the sum is right.
 * @throws Failure machine-failed when the network or the sum is wrong
 */
export async function obtain(pin: Pin, path: string, work: Pick<Work, 'say' | 'signal'>): Promise<void> {
  const present = createHash('sha256');
  if ((await hashFile(path, present)) > 0 && present.digest('hex') === pin.sha256) return;
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.part`;
  work.say(`downloading ${pin.url}`);
  const found = await download(pin.url, part, work);
  if (found !== pin.sha256) {
    await rm(part, { force: true });
    throw new Failure(
      'machine-failed',
      `${pin.url} has the wrong sha256 and was not used: ${found}, not ${pin.sha256}.`,
      {
        cure: 'Something between here and there changes files: a proxy, or somebody. Try another network; never take it as it is.',
      },
    );
  }
  await rename(part, path);
}

/** @returns the sum of the whole file, as far as it was there before and as it came */
async function download(url: string, part: string, { say, signal }: Pick<Work, 'say' | 'signal'>): Promise<string> {
  const stalled = new AbortController();
  const watchdog = setTimeout(() => stalled.abort(new Error(`nothing came for ${stallMs / 1000} s`)), stallMs);
  try {
    let hash = createHash('sha256');
    let received = await hashFile(part, hash);
    const headers: Record<string, string> = received > 0 ? { range: `bytes=${received}-` } : {};
    const response = await fetch(url, { headers, signal: AbortSignal.any([signal, stalled.signal]) });
    // 416: the part is as long as the file, or longer.
    if (response.status === 416) return hash.digest('hex');
    if (!response.ok || response.body === null) throw new Error(`HTTP status ${response.status}`);
    if (response.status !== 206) [hash, received] = [createHash('sha256'), 0];
    const total = received + Number(response.headers.get('content-length') ?? Number.NaN);
    const flags = received > 0 ? 'a' : 'w';
    let said = performance.now();
    const count = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        watchdog.refresh();
        hash.update(chunk);
        received += chunk.length;
        if (performance.now() - said > progressEveryMs) {
          said = performance.now();
          say(`  ${megabytes(received)} of ${Number.isNaN(total) ? '?' : megabytes(total)} MB`);
        }
        yield chunk;
      }
    };
    await pipeline(response.body, count, createWriteStream(part, { flags }));
    return hash.digest('hex');
  } catch (error) {
    signal.throwIfAborted();
    throw new Failure('machine-failed', `${url} could not be downloaded: ${reasonOf(error)}.`, {
      cause: error,
      cure: 'This machine needs a way to github.com. Through a proxy: NODE_USE_ENV_PROXY=1 HTTPS_PROXY=http://… Then run again: it goes on where it stopped.',
    });
  } finally {
    clearTimeout(watchdog);
  }
}

/** Adds a file's content to the sum. @returns its size in bytes, 0 when there is none */
async function hashFile(path: string, hash: Hash): Promise<number> {
  const size = await stat(path).then(
    (file) => file.size,
    () => 0,
  );
  if (size > 0) for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return size;
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);

/** `fetch failed` alone says nothing; its cause does. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}
