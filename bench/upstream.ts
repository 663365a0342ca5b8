/**
 * What stands behind the proxies that are compared: `upstream.ts PORT` answers GET /api/movies/N with N bytes of JSON, and
 * GET /api/movies with a megabyte in chunks. Bare sockets, so that it is never what is waited for.
 */
import { createServer } from 'node:net';

const CHUNK = Buffer.from(`10000\r\n${'x'.repeat(0x10000)}\r\n`);
const CHUNKS = 16;

const streamed = Buffer.concat([
  Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n'),
  ...Array.from({ length: CHUNKS }, () => CHUNK),
  Buffer.from('0\r\n\r\n'),
]);

const fixed = new Map<number, Buffer>();

function answerOf(size: number): Buffer {
  const known = fixed.get(size);
  if (known) return known;
  const body = JSON.stringify({ id: size, title: '' });
  const padded = `${body.slice(0, -2)}${'x'.repeat(size - body.length)}"}`;
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${size}\r\n\r\n`;
  const answer = Buffer.from(head + padded);
  fixed.set(size, answer);
  return answer;
}

createServer({ noDelay: true }, (socket) => {
  let rest = '';
  socket.setEncoding('latin1').on('data', (text) => {
    const requests = (rest + String(text)).split('\r\n\r\n');
    rest = requests.pop() ?? '';
    for (const request of requests) {
      const size = /^GET \/api\/movies\/(\d+)/.exec(request)?.[1];
      socket.write(size === undefined ? streamed : answerOf(Number(size)));
    }
  });
  socket.on('error', () => socket.destroy());
}).listen(Number(process.argv[2]), '127.0.0.1');
