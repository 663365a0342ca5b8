import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { isUuid, uuidV7, uuidV8 } from './tracking-id.ts';

test('a UUID v7 has the layout of RFC 9562 and sorts by time', () => {
  // The example of RFC 9562, appendix A.6.
  const random = Buffer.from('0000000000000cc398c4dc0c0c07398f', 'hex');
  assert.equal(uuidV7(0x01_7f_22_e2_79_b0, random), '017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  const ids = [1, 2 ** 31, 2 ** 32, 2 ** 40].map((nowMs) => uuidV7(nowMs, randomBytes(16)));
  assert.deepEqual(ids.toSorted(), ids);
  assert.ok(ids.every(isUuid));
});

test('a UUID v8 depends on its digest alone', () => {
  const id = (key: string): string => uuidV8(createHash('sha256').update(key).digest());
  assert.equal(id('a key'), id('a key'));
  assert.notEqual(id('a key'), id('another key'));
  assert.match(id('a key'), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('only a whole UUID is one', () => {
  for (const text of ['', 'x', '017f22e2-79b0-7cc3-98c4-dc0c0c07398', ' 017f22e2-79b0-7cc3-98c4-dc0c0c07398f']) {
    assert.equal(isUuid(text), false, text);
  }
});
