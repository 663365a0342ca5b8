import type { Outcome } from './orders.ts';

/**
 * The messages that were published and not confirmed yet, and what becomes of each: whatever happens, in whatever order,
 * each gets exactly one outcome, the first. Numbers that are not known (any more) are ignored.
 */
export interface Publications {
  /** Call it before the publish. */
  open: () => { number: number; outcome: Promise<Outcome> };
  /** The broker found no queue. It sends its confirm all the same, after the return. */
  returned: (number: number) => void;
  confirmed: (number: number) => void;
  nacked: (number: number) => void;
  /** Nobody waits any longer; the broker may still confirm, and until then the message counts as unconfirmed. */
  timedOut: (number: number) => void;
  /** The connection is gone, and with it every confirm. */
  lost: () => void;
  unconfirmed: () => number;
}

type Settle = (outcome: Outcome) => void;

export function createPublications(): Publications {
  /** From the first unconfirmed one on; undefined for those confirmed before it. */
  const pending: Array<Settle | undefined> = [];
  let first = 1;
  let unconfirmed = 0;

  const find = (number: number): Settle | undefined => pending[number - first];

  const close = (number: number, outcome: Outcome): void => {
    const settle = find(number);
    if (!settle) return;
    settle(outcome);
    unconfirmed -= 1;
    pending[number - first] = undefined;
    while (pending.length > 0 && !pending[0]) {
      pending.shift();
      first += 1;
    }
  };

  return {
    open: () => {
      // A promise keeps the first value it is resolved with.
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      unconfirmed += 1;
      return { number: first + pending.push(resolve) - 1, outcome: promise };
    },
    returned: (number) => find(number)?.('returned'),
    timedOut: (number) => find(number)?.('timed_out'),
    confirmed: (number) => close(number, 'confirmed'),
    nacked: (number) => close(number, 'nacked'),
    lost: () => {
      for (let left = pending.length; left > 0; left = pending.length) close(first, 'lost');
    },
    unconfirmed: () => unconfirmed,
  };
}
