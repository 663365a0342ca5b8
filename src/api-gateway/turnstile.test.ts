import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTurnstile } from './turnstile.ts';

test('never more than the places, never a free place while somebody waits, first come first served', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(fc.option(fc.nat(20)), { maxLength: 60 }), (places, steps) => {
      const turnstile = createTurnstile(places);
      const started: number[] = [];
      const inside: Array<{ id: number; start: () => void }> = [];
      let nextId = 0;
      for (const step of steps) {
        if (step === null) {
          const id = nextId;
          nextId += 1;
          const start = (): void => void started.push(id);
          inside.push({ id, start });
          turnstile.enter(start);
        } else if (inside.length > 0) {
          turnstile.leave(inside.splice(step % inside.length, 1)[0]!.start);
        }
        const running = inside.filter(({ id }) => started.includes(id)).length;
        assert.equal(running, Math.min(places, inside.length));
        assert.deepEqual([turnstile.running(), turnstile.waiting()], [running, inside.length - running]);
        assert.deepEqual(
          started,
          started.toSorted((a, b) => a - b),
        );
        assert.equal(new Set(started).size, started.length);
      }
    }),
  );
});
