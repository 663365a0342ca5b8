import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi } from '@orchestrator/contracts/openapi.ts';
import { startGateway } from '../../tests/support/gateway.ts';

test('the description is served for programs', async (t) => {
  const { url } = await startGateway(t, {});
  const response = await fetch(`${url}/openapi.json`);
  assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
  assert.deepEqual(await response.json(), JSON.parse(JSON.stringify(openApi)));
});

test('the page is whole, loads nothing from elsewhere, and is cached', async (t) => {
  const { url } = await startGateway(t, {});
  const home = await fetch(`${url}/`, { redirect: 'manual' });
  assert.deepEqual([home.status, home.headers.get('location')], [302, '/docs']);

  const page = await fetch(`${url}/docs`);
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
  const html = await page.text();
  const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = '']) => link);
  assert.ok(links.length >= 6);
  for (const link of links) {
    assert.ok(link.startsWith('/'), link);
    const response = await fetch(url + link);
    const { length } = Buffer.from(await response.arrayBuffer());
    assert.equal(response.status, 200, link);
    if (link === '/openapi.json') continue;
    assert.equal(response.headers.get('content-length'), String(length));
    const etag = response.headers.get('etag') ?? '';
    const again = await fetch(url + link, { headers: { 'if-none-match': etag } });
    assert.equal(again.status, 304, link);
  }
  assert.equal((await fetch(`${url}/docs/../main.ts`)).status, 404);
  assert.equal((await fetch(`${url}/docs/..%2fmain.ts`)).status, 404);
});
