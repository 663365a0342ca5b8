import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomBytes } from './random.ts';

test('no bytes are given out twice, whatever the sizes asked for', () => {
  const seen = new Set<string>();
  for (let round = 0; round < 5000; round += 1) {
    for (const count of [8, 16, 13]) {
      const text = randomBytes(count).toString('hex');
      assert.equal(text.length, 2 * count);
      for (let at = 0; at + 16 <= text.length; at += 16) seen.add(text.slice(at, at + 16));
    }
  }
  assert.equal(seen.size, 5000 * 4);
});
