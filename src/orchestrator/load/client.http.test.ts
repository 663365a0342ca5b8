import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { listen } from '../../../tests/support/http-server.ts';
import { openClient } from './client.http.ts';
import type { LoadRequest } from './mixes.ts';

const get = (path: string): LoadRequest => ({ method: 'GET', path });

test('whatever may come has its name', async (t) => {
  const { origin } = await listen(t, (request, response) => {
    switch (request.url) {
      case '/good':
        return response.end('[]');
      case '/problem':
        return response.writeHead(503).end('{"code":"broker_unavailable"}');
      case '/page':
        return response.writeHead(502).end('<html>Bad Gateway</html>');
      case '/null':
        return response.writeHead(500).end('null');
      case '/away':
        return response.writeHead(302, { location: '/good' }).end();
      case '/closed':
        return request.socket.destroy();
      case '/half':
        return response.writeHead(200, { 'content-length': 99 }).write('[', () => request.socket.destroy());
      default:
        return undefined;
    }
  });
  const refused = 'http://127.0.0.1:1';
  await using client = await openClient([origin, refused], { answerTimeoutMs: 500 });
  const expected = {
    '/good': '200',
    '/problem': '503 broker_unavailable',
    '/page': '502',
    '/null': '500',
    '/away': '302',
    '/closed': 'connection closed',
    '/half': 'connection closed',
    '/silent': 'no answer in time',
  };
  for (const [path, what] of Object.entries(expected)) {
    assert.deepEqual(await client.send(origin, get(path)), { what, isGood: what === '200' }, path);
  }
  assert.deepEqual(await client.send(refused, get('/')), { what: 'ECONNREFUSED', isGood: false });
});

test('a body is sent as JSON', async (t) => {
  const seen: string[] = [];
  const { origin } = await listen(t, async (request, response) => {
    let text = `${request.method} ${request.url} ${request.headers['content-type']} `;
    for await (const part of request) text += String(part);
    seen.push(text);
    response.end();
  });
  await using client = await openClient([origin]);
  await client.send(origin, { method: 'POST', path: '/api/billing', body: '{"user_id":"é漢"}' });
  assert.deepEqual(seen, ['POST /api/billing application/json {"user_id":"é漢"}']);
});

test('requests do not wait for each other, and connections are renewed', async (t) => {
  const { server, origin } = await listen(t, (_, response) => void setTimeout(() => response.end(), 100));
  let connections = 0;
  server.on('connection', () => (connections += 1));
  await using client = await openClient([origin], { connectionLifetimeMs: 200 });
  await Promise.all(Array.from({ length: 20 }, () => client.send(origin, get('/'))));
  assert.equal(connections, 20);
  await delay(500);
  await Promise.all(Array.from({ length: 20 }, () => client.send(origin, get('/'))));
  assert.equal(connections, 40);
});
