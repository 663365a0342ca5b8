import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError, httpOrigin, integer, oneOf, port, readConfig, secret, text } from './env.ts';

const spec = {
  port: port('PORT', 8080),
  level: oneOf('LOG_LEVEL', ['info', 'error'], 'info'),
  upstream: httpOrigin('INVENTORY_URL', 'http://inventory-app:8080'),
  user: text('DATABASE_USER'),
  password: secret('DATABASE_PASSWORD'),
  drainMs: integer('DRAIN_MS', { min: 0, max: 60_000, fallback: 5000 }),
};

test('values are parsed and defaults filled in', () => {
  const config = readConfig(spec, { PORT: '3000', DATABASE_USER: 'u', DATABASE_PASSWORD: 'p', LOG_LEVEL: '' });
  assert.deepEqual(config, {
    port: 3000,
    level: 'info',
    upstream: 'http://inventory-app:8080',
    user: 'u',
    password: 'p',
    drainMs: 5000,
  });
});

test('all faults are reported at once, each with the name of its variable', () => {
  const env = { PORT: '70000', LOG_LEVEL: 'loud', INVENTORY_URL: 'inventory-app:8080', DRAIN_MS: '1e3' };
  assert.throws(
    () => readConfig(spec, env),
    (error) => {
      assert.ok(error instanceof ConfigError);
      for (const name of ['PORT', 'LOG_LEVEL', 'INVENTORY_URL', 'DATABASE_USER', 'DATABASE_PASSWORD', 'DRAIN_MS']) {
        assert.match(error.message, new RegExp(`^  - ${name} `, 'm'));
      }
      return true;
    },
  );
});

test('a password may come from a file, and is never shown', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'env-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'password');
  writeFileSync(path, 'hush\n');
  assert.equal(readConfig({ p: secret('P') }, { P_FILE: path }).p, 'hush');
  assert.throws(() => readConfig({ p: secret('P') }, { P_FILE: `${path}.missing` }), /P cannot be read from/);
  assert.throws(
    () => readConfig({ p: secret('P'), q: port('Q', 1) }, { P: 'hush', Q: 'x' }),
    (error) => !String(error).includes('hush'),
  );
});
