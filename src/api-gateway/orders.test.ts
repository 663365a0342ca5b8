import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTrackingId } from './orders.ts';

test('the same key gives the same id everywhere: a UUID v8 of its SHA-256', () => {
  // printf key-1 | sha256sum
  assert.equal(createTrackingId('key-1'), createTrackingId('key-1'));
  assert.match(createTrackingId('key-1'), /^be297454-6978-8373-9e6d-6da85c4be9f3$/);
  assert.notEqual(createTrackingId('key-1'), createTrackingId('key-2'));
});

test('without a key every order has its own id: a UUID v7, in the order of time', () => {
  const ids = Array.from({ length: 10_000 }, () => createTrackingId(undefined));
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(Math.abs(Number.parseInt(ids[0]!.replaceAll('-', '').slice(0, 12), 16) - Date.now()) < 5000);
});
