import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Outcome } from './orders.ts';
import { createPublications } from './publications.ts';

type Step =
  | { kind: 'open' }
  | { kind: 'lost' }
  | { kind: 'returned' | 'confirmed' | 'nacked' | 'timedOut'; number: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'open' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'lost' as const }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('returned' as const, 'confirmed' as const, 'nacked' as const, 'timedOut' as const),
      number: fc.integer({ min: 1, max: 6 }),
    }),
  },
);

const outcomeOf = {
  returned: 'returned',
  confirmed: 'confirmed',
  nacked: 'nacked',
  timedOut: 'timed_out',
  lost: 'lost',
} as const;

/** What must come out, said the slow way: the first event after the opening decides; confirm, nack and loss end the waiting. */
function expected(events: readonly Step[]): { outcomes: Array<Outcome | undefined>; unconfirmed: number } {
  const all: Array<{ outcome: Outcome | undefined; isOwed: boolean }> = [];
  for (const each of events) {
    if (each.kind === 'open') {
      all.push({ outcome: undefined, isOwed: true });
      continue;
    }
    const named = each.kind === 'lost' ? all : all.slice(each.number - 1, each.number);
    for (const one of named.filter(({ isOwed }) => isOwed)) {
      one.outcome ??= outcomeOf[each.kind];
      one.isOwed = each.kind === 'returned' || each.kind === 'timedOut';
    }
  }
  return { outcomes: all.map(({ outcome }) => outcome), unconfirmed: all.filter(({ isOwed }) => isOwed).length };
}

test('whatever happens in whatever order, each message gets one outcome: the first', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (events) => {
      const publications = createPublications();
      const outcomes: Array<Outcome | undefined> = [];
      let settled = 0;
      for (const each of events) {
        if (each.kind === 'open') {
          const at = outcomes.push(undefined) - 1;
          const { number, outcome } = publications.open();
          assert.equal(number, at + 1);
          const note = async (): Promise<void> => {
            outcomes[at] = await outcome;
            settled += 1;
          };
          void note();
        } else if (each.kind === 'lost') {
          publications.lost();
        } else {
          publications[each.kind](each.number);
        }
      }
      await Promise.resolve();
      const should = expected(events);
      assert.deepEqual(outcomes, should.outcomes);
      assert.equal(settled, should.outcomes.filter(Boolean).length);
      assert.equal(publications.unconfirmed(), should.unconfirmed);
    }),
    { numRuns: 10_000 },
  );
});
