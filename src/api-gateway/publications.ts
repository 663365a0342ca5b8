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

export function createPublications(): Publications {
  const pending = new Map<number, (outcome: Outcome) => void>();
  let last = 0;

  const close = (number: number, outcome: Outcome): void => {
    pending.get(number)?.(outcome);
    pending.delete(number);
  };

  return {
    open: () => {
      // A promise keeps the first value it is resolved with.
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      last += 1;
      pending.set(last, resolve);
      return { number: last, outcome: promise };
    },
    returned: (number) => pending.get(number)?.('returned'),
    timedOut: (number) => pending.get(number)?.('timed_out'),
    confirmed: (number) => close(number, 'confirmed'),
    nacked: (number) => close(number, 'nacked'),
    lost: () => {
      for (const number of pending.keys()) close(number, 'lost');
    },
    unconfirmed: () => pending.size,
  };
}
