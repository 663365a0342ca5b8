import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../failure.ts';
import { checkTag, checkUser, fullName, registryOf } from './names.ts';

test('a user of Docker Hub, and any other registry with a path', () => {
  for (const [user, name, registry] of [
    ['me', 'docker.io/me/app:1', 'docker.io'],
    ['docker.io/me', 'docker.io/me/app:1', 'docker.io'],
    ['ghcr.io/me/system', 'ghcr.io/me/system/app:1', 'ghcr.io'],
    ['localhost/me', 'localhost/me/app:1', 'localhost'],
    ['localhost:5000/me', 'localhost:5000/me/app:1', 'localhost:5000'],
  ] as const) {
    assert.equal(fullName(checkUser(user), 'app:1'), name);
    assert.equal(registryOf(user), registry);
  }
});

test('what no image can be called is refused', () => {
  for (const user of ['Me', 'me/', '', 'a b', 'me:5000', '$(id)', '-x'])
    assert.throws(() => checkUser(user), UsageError, user);
  for (const tag of ['', '-1', 'a b', 'a/b', 'x'.repeat(129)]) assert.throws(() => checkTag(tag), UsageError, tag);
  assert.equal(checkTag('0.1.0-rc.1_x'), '0.1.0-rc.1_x');
});
