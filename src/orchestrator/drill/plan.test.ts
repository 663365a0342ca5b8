import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faults, isPossible } from './faults.ts';
import { planFaults } from './plan.ts';
import type { PlanOptions } from './plan.ts';

const options: PlanOptions = { kind: 'local', seed: 42, count: 100, seconds: 1000, only: [], skip: [], at: [] };
const shape = (given: Partial<PlanOptions>): string[] =>
  planFaults({ ...options, ...given }).map(
    ({ fault, at, holdMs, choice }) => `${at} ${fault.name} ${holdMs} ${choice}`,
  );

test('the same seed gives the same plan, another seed another one', () => {
  assert.deepEqual(shape({}), shape({}));
  assert.notDeepEqual(shape({}), shape({ seed: 43 }));
});

test('every possible fault comes before any comes again, in order of time, within the run', () => {
  for (const kind of ['local', 'cluster'] as const) {
    const possible = faults.filter((fault) => isPossible(fault, kind));
    const plan = planFaults({ ...options, kind });
    assert.equal(plan.length, 100);
    assert.equal(new Set(plan.slice(0, possible.length).map(({ fault }) => fault)).size, possible.length);
    assert.ok(plan.every(({ at, holdMs }, index) => at >= (plan[index - 1]?.at ?? 0) && at <= 1000 && holdMs < 9000));
  }
});

test('names and moments of the user are taken, and wrong ones are told', () => {
  assert.deepEqual(
    new Set(planFaults({ ...options, only: ['queue-deleted'] }).map(({ fault }) => fault.name)),
    new Set(['queue-deleted']),
  );
  assert.ok(planFaults({ ...options, skip: ['queue-deleted'] }).every(({ fault }) => fault.name !== 'queue-deleted'));
  const own = planFaults({ ...options, at: ['9:queue-deleted', '1.5:billing-app-killed'] });
  assert.deepEqual(
    own.map(({ at, fault }) => [at, fault.name]),
    [
      [1.5, 'billing-app-killed'],
      [9, 'queue-deleted'],
    ],
  );
  assert.throws(() => planFaults({ ...options, only: ['billing-app-kiled'] }), /Did you mean billing-app-killed\?/);
  assert.throws(() => planFaults({ ...options, only: ['node-drained'] }), /not possible on a system of kind local/);
  assert.throws(() => planFaults({ ...options, at: ['soon'] }), /--at takes SECONDS:FAULT/);
  assert.throws(() => planFaults({ ...options, only: ['queue-deleted'], skip: ['queue-deleted'] }), /no fault is left/);
});
