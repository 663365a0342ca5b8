import type { Values } from './ledger.ts';

/** Orders of one run, whose values follow from their number: every shape of amount, and text that must survive every encoding. */
export function ordersOf(run: string): {
  valuesOf: (order: number) => Values;
  numberIn: (userId: string) => number | undefined;
} {
  const valuesOf = (order: number): Values => ({
    user_id: `${run}-${order}${order % 7 === 0 ? '-é漢😀\'"\\' : ''}`,
    number_of_items: String((order % 1_000_000) + 1),
    total_amount: [`${order}`, `${order}.${order % 10}`, `0.0${order % 10}`, '9999999999.99'][order % 4] ?? '',
  });
  const numberIn = (userId: string): number | undefined => {
    const digits = userId.startsWith(`${run}-`) ? /^[0-9]+/.exec(userId.slice(run.length + 1))?.[0] : undefined;
    return digits === undefined ? undefined : Number(digits);
  };
  return { valuesOf, numberIn };
}
