import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Failure } from '../failure.ts';
import { obtain } from './download.ts';
import type { Pin } from './pins.ts';

const content = Buffer.alloc(300_000, 'K3s ');
const sha256 = createHash('sha256').update(content).digest('hex');
const work = { say: () => undefined, signal: new AbortController().signal };

interface Requests {
  pin: Pin;
  path: string;
  /** The Range header of each request. */
  ranges: Array<string | undefined>;
}

/** A server of one file; `cutAt` ends the connection after so many bytes, once. */
async function serve(
  t: TestContext,
  options: { cutAt?: number; body?: Buffer; ranges?: boolean } = {},
): Promise<Requests> {
  const { body = content } = options;
  const ranges: Array<string | undefined> = [];
  let { cutAt } = options;
  const server = createServer((request, response) => {
    const { range } = request.headers;
    ranges.push(range);
    const from = range === undefined || options.ranges === false ? 0 : Number(/^bytes=(\d+)-$/.exec(range)?.[1]);
    if (from >= body.length) return response.writeHead(416).end();
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': body.length - from });
    if (cutAt === undefined) return response.end(body.subarray(from));
    response.write(body.subarray(from, from + cutAt), () => response.destroy());
    cutAt = undefined;
    return response;
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-download-'));
  t.after(async () => {
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  });
  const { port } = server.address() as AddressInfo;
  return { pin: { name: 'k3s', url: `http://127.0.0.1:${port}/k3s`, sha256 }, path: join(folder, 'v1', 'k3s'), ranges };
}

test('a file is downloaded once', async (t) => {
  const { pin, path, ranges } = await serve(t);
  await obtain(pin, path, work);
  await obtain(pin, path, work);
  assert.deepEqual(await readFile(path), content);
  assert.deepEqual(ranges, [undefined]);
});

test('a file that was changed in the cache is downloaded again', async (t) => {
  const { pin, path, ranges } = await serve(t);
  await obtain(pin, path, work);
  await writeFile(path, 'something else');
  await obtain(pin, path, work);
  assert.deepEqual(await readFile(path), content);
  assert.equal(ranges.length, 2);
});

test('an interrupted download is gone on with where it stopped', async (t) => {
  const { pin, path, ranges } = await serve(t, { cutAt: 100_000 });
  await assert.rejects(
    obtain(pin, path, work),
    (error) => error instanceof Failure && /could not be downloaded/.test(error.message),
  );
  const { length: kept } = await readFile(`${path}.part`);
  assert.ok(kept > 0 && kept < content.length, `${kept} bytes`);
  await obtain(pin, path, work);
  assert.deepEqual(await readFile(path), content);
  assert.deepEqual(ranges, [undefined, `bytes=${kept}-`]);
});

test('a server that cannot go on starts anew, and a part that is whole is taken', async (t) => {
  const { pin, path } = await serve(t, { cutAt: 100_000, ranges: false });
  await assert.rejects(obtain(pin, path, work));
  await obtain(pin, path, work);
  assert.deepEqual(await readFile(path), content);

  await rm(path);
  await writeFile(`${path}.part`, content);
  const other = await serve(t);
  await obtain(other.pin, path, work);
  assert.deepEqual(await readFile(path), content);
});

test('a file with another content is never taken, and nothing of it stays', async (t) => {
  const { pin, path } = await serve(t, { body: Buffer.from('#!/bin/sh\nrm -rf /\n') });
  await assert.rejects(obtain(pin, path, work), (error) => {
    assert.ok(error instanceof Failure);
    assert.match(error.message, /wrong sha256 and was not used/);
    assert.ok(error.cure);
    return true;
  });
  assert.deepEqual(await readdir(dirname(path)), []);
});

test('no network is told with its reason and a cure', async (t) => {
  const { path } = await serve(t);
  const pin = { name: 'k3s', url: 'http://127.0.0.1:9/k3s', sha256 };
  await assert.rejects(obtain(pin, path, work), (error) => {
    assert.ok(error instanceof Failure);
    assert.match(error.message, /could not be downloaded: .+/);
    assert.doesNotMatch(error.message, /fetch failed/);
    assert.match(error.cure ?? '', /proxy/);
    return true;
  });
});

test('Ctrl-C ends a download with its own reason', async (t) => {
  const { pin, path } = await serve(t);
  await assert.rejects(obtain(pin, path, { ...work, signal: AbortSignal.abort(new Error('Ctrl-C')) }), /Ctrl-C/);
});
