import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHttpServer } from '@orchestrator/kit/http.server.ts';
import { createLogger } from '@orchestrator/kit/log.ts';
import { eventually } from '../../tests/support/eventually.ts';
import { limitRequestsInFlight } from './overload.http.ts';

test('requests beyond the limit are refused with 429 until others have ended, health never', async (t) => {
  const log = createLogger('api-gateway', 'error');
  log.level = 'silent';
  const app = createHttpServer({ log, bodyLimitBytes: 1000 });
  limitRequestsInFlight(app, 3);
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let waiting = 0;
  app.get('/wait', async () => {
    waiting += 1;
    await released;
    return 'done';
  });
  app.get('/quick', async () => 'done');
  app.get('/health/live', async () => 'live');
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => app.close());

  const gone = new AbortController();
  const held = [fetch(`${url}/wait`), fetch(`${url}/wait`)];
  const abandoned = assert.rejects(fetch(`${url}/wait`, { signal: gone.signal }));
  await eventually(() => assert.equal(waiting, 3));

  const refused = await fetch(`${url}/wait`);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1']);
  assert.equal(((await refused.json()) as { code: string }).code, 'too_many_requests');
  assert.equal((await fetch(`${url}/health/live`)).status, 200);

  // The place of a client that has gone is free again.
  gone.abort();
  await abandoned;
  await eventually(async () => {
    const response = await fetch(`${url}/quick`);
    assert.equal(response.status, 200);
  });
  release();
  for (const response of await Promise.all(held)) assert.equal(response.status, 200);
});
