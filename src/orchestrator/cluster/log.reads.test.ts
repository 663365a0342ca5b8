import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pod } from '../diagnosis/diagnose.fixtures.ts';
import { logArgs, nextReads } from './log.reads.ts';
import type { Reads } from './log.reads.ts';

const running = pod('billing-app');
const key = 'uid-of-billing-app-0/billing-app/0';
const range = ['--tail=20'];

const reads = (known: Reads, subject = running, isFirst = false): string[] =>
  nextReads([subject], known, range, isFirst).map((read) => logArgs(read).join(' '));

test('the first look reads the end of what is there; what comes later is read whole', () => {
  assert.deepEqual(reads(new Map(), running, true), ['logs billing-app-0 --container=billing-app --tail=20']);
  assert.deepEqual(reads(new Map()), ['logs billing-app-0 --container=billing-app']);
});

test('a log that is being read is not read twice; one that was cut goes on where it was', () => {
  assert.deepEqual(reads(new Map([[key, 'reading']])), []);
  const next = ['--since-time=2026-03-01T12:00:00.000Z'];
  assert.deepEqual(reads(new Map([[key, { next }]])), [
    'logs billing-app-0 --container=billing-app --since-time=2026-03-01T12:00:00.000Z',
  ]);
});

test('a container that was started again has a log of its own', () => {
  const restarted = pod('billing-app', { status: { restartCount: 1 } });
  assert.deepEqual(reads(new Map([[key, { next: [] }]]), restarted), ['logs billing-app-0 --container=billing-app']);
});

test('a container that ended is read once, one that never ran not at all', () => {
  const ended = pod('billing-app', { status: { ready: false, state: { terminated: { exitCode: 1 } } } });
  assert.equal(reads(new Map(), ended).length, 1);
  assert.deepEqual(reads(new Map([[key, { next: [] }]]), ended), []);
  const never = pod('billing-app', { status: { ready: false, state: { waiting: { reason: 'ContainerCreating' } } } });
  assert.deepEqual(reads(new Map(), never), []);
});
