import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../failure.ts';
import type { Machine, Provider } from '../providers/provider.ts';
import { upStep } from './machines.steps.ts';
import { readRecord } from './record.ts';
import type { Session } from './session.ts';

/** A step on machines in this state, on a computer with these faults; `up` would be the first change. */
function step(state: Machine['state'], faults: readonly string[]) {
  const provider: Partial<Provider> = {
    name: 'vagrant',
    machines: async () => [{ name: 'master', role: 'server', state }],
    check: async () => [
      { level: 'ok', subject: 'Vagrant', message: '2.4.9' },
      { level: 'warning', subject: 'disk', message: 'nearly full', cure: 'make room' },
      ...faults.map((message) => ({
        level: 'error' as const,
        subject: 'computer',
        message,
        cure: `cure of ${message}`,
      })),
    ],
    up: async () => {
      throw new Error('machines were made');
    },
  };
  return upStep({ provider, record: { provider: 'vagrant' } } as unknown as Session).run(() => undefined);
}

test('before the first machine is made, every obstacle is told at once with its cure, and nothing is remembered', async () => {
  const before = await readRecord();
  await assert.rejects(step('absent', ['one', 'two']), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.kind, 'missing-tool');
    assert.equal(error.message, 'computer: one\ncomputer: two');
    assert.equal(error.cure, 'cure of one\n  cure of two');
    return true;
  });
  assert.deepEqual(await readRecord(), before);
});
