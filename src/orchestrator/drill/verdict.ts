import { isGood, judge } from '../orders/ledger.ts';
import type { Row, Verdict as Judged } from '../orders/ledger.ts';
import type { Sender } from './orders.sender.ts';

/** A fault as it happened. */
export interface StruckFault {
  name: string;
  /** Seconds from the first order: when it began, when it was mended, when the system was whole and confirmed orders again. */
  from: number;
  to: number;
  recovered: number | undefined;
  /** What went wrong with the fault itself; it proves nothing then. */
  problem?: string;
  /** Why this system cannot be broken in this way; it does not count then. */
  leftOut?: string;
}

export interface Verdict extends Judged {
  pass: boolean;
  /** What is wrong, with its likely cause and where to look. */
  reasons: string[];
}

/** Lost, doubled, corrupted: what each usually comes from, by what had just been broken. */
const causesOfLoss: readonly [faults: RegExp, cause: string][] = [
  [
    /^(rabbitmq|queue|api-gateway-to-rabbitmq|billing-app-to-rabbitmq)/,
    'answered 200 before the broker had confirmed the order, or its message is not persistent: src/api-gateway/orders.amqp.ts',
  ],
  [/^billing/, 'billing-app acknowledged orders before they were committed: src/billing-app/orders.amqp.ts'],
  [/^api-gateway/, 'the gateway answered 200 before it had the confirm of the broker: src/api-gateway/orders.amqp.ts'],
  [
    /./,
    'a confirmed order left the queue without being stored: src/billing-app/orders.amqp.ts, or its message was not persistent',
  ],
];

/** Compares every row of this drill with every order. */
export async function judgeDrill(
  sender: Sender,
  rows: AsyncIterable<Row>,
  faults: readonly StruckFault[],
): Promise<Verdict> {
  const judged = await judge(sender.ledger, rows);
  const { lost, doubled, corrupted, invented } = judged;
  const reasons = faults.flatMap(({ name, problem }) =>
    problem === undefined ? [] : [`the fault ${name}: ${problem}`],
  );
  const when = (examples: readonly string[]): string => around(sender, examples, faults) ?? 'no fault';
  if (lost.count > 0) {
    const fault = when(lost.examples);
    const cause = causesOfLoss.find(([pattern]) => pattern.test(fault))?.[1] ?? '';
    reasons.push(`${lost.count} confirmed orders have no row (${few(lost.examples)}; sent around ${fault}): ${cause}`);
  }
  if (doubled.count > 0) {
    const where =
      'the table takes a tracking id more than once, its unique constraint is missing: src/billing-app/migrations';
    reasons.push(
      `${doubled.count} orders have more than one row (${few(doubled.examples)}; around ${when(doubled.examples)}): ${where}`,
    );
  }
  if (corrupted.count > 0) {
    const isMoney = corrupted.examples.some((example) => example.includes('total_amount'));
    const cause = isMoney
      ? 'money went through a float: total_amount must be numeric from end to end'
      : 'what is stored is not what was sent';
    reasons.push(`${corrupted.count} rows differ from their orders (${few(corrupted.examples)}): ${cause}`);
  }
  if (invented.count > 0) {
    reasons.push(
      `${invented.count} rows of orders that were refused, or never sent (${few(invented.examples)}): a refusal must be certain`,
    );
  }
  const neverConfirmed = faults.filter(({ recovered, problem }) => recovered === undefined && problem === undefined);
  for (const { name } of neverConfirmed) reasons.push(`after ${name} the system did not become whole again in time`);
  if (faults.length > 0 && faults.every(({ leftOut }) => leftOut !== undefined)) {
    reasons.push(`no fault struck, so that nothing is proved: ${faults[0]?.leftOut}`);
  }
  return { ...judged, pass: isGood(judged) && reasons.length === 0, reasons };
}

const few = (examples: readonly string[]): string => examples.slice(0, 3).join(', ');

/** The fault at whose time most of these orders were sent. */
function around({ dueMs }: Sender, examples: readonly string[], faults: readonly StruckFault[]): string | undefined {
  const counts = new Map<string, number>();
  for (const example of examples) {
    const order = Number(/^order (\d+)/.exec(example)?.[1] ?? Number.NaN);
    if (Number.isNaN(order)) continue;
    const sentAt = dueMs[order]! / 1000;
    const fault = faults.findLast(({ from }) => from <= sentAt + slackS) ?? faults[0];
    if (fault !== undefined) counts.set(fault.name, (counts.get(fault.name) ?? 0) + 1);
  }
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}

/** An order that waits in the queue, or in somebody's hands, when a fault comes was sent before it. */
const slackS = 3;
