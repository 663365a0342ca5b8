/** The values of an order, as text. */
export interface Values {
  user_id: string;
  number_of_items: string;
  total_amount: string;
}

/** A row of the table `orders`, every value as text. */
export interface Row extends Values {
  tracking_id: string;
}

/** What the sender of an order was told: taken, certainly not taken, or nothing that can be relied on. */
export type Outcome = 'confirmed' | 'refused' | 'unknown';

interface Orders {
  /** The values of the order with this number; no two orders have the same user_id. */
  valuesOf: (order: number) => Values;
  /** The number of the order that a user_id belongs to; undefined where it can be none's. */
  numberIn: (userId: string) => number | undefined;
  /** The most orders it can hold; it takes 18 bytes for each. */
  capacity: number;
}

/** What was sent and what was answered. The values follow from the number, so that a million orders take a few megabytes. */
export interface Ledger extends Orders {
  attempted: number;
  confirmed: number;
  /** For each order the outcomes of all its attempts, as bits. */
  answers: Uint8Array;
  /** For each confirmed order the tracking id of its answer. */
  ids: Buffer;
}

/** How many there are, and the first few of them. */
interface Finding {
  count: number;
  examples: string[];
}

/**
 * What became of the orders; after Jepsen's total-queue checker, and stricter: there a duplicate passes and content is
 * not compared.
 */
export interface Verdict {
  attempted: number;
  confirmed: number;
  refused: number;
  unknown: number;
  stored: number;
  /** Stored although the sender was left without an answer: allowed. */
  recovered: number;
  /** Confirmed, and no row. */
  lost: Finding;
  /** More than one row. */
  doubled: Finding;
  /** A row that differs from what was sent, or does not have the tracking id that was answered. */
  corrupted: Finding;
  /** A row that nobody sent, or whose sender was told that it was not taken. */
  invented: Finding;
}

const bits = { confirmed: 1, refused: 2, unknown: 4 } as const satisfies Record<Outcome, number>;

const idBytes = 16;
const maxExamples = 10;

export function openLedger(orders: Orders): Ledger {
  const answers = new Uint8Array(orders.capacity);
  return { ...orders, attempted: 0, confirmed: 0, answers, ids: Buffer.alloc(orders.capacity * idBytes) };
}

/** Notes that an order is about to be sent; returns its number. Its outcome is unknown until it is noted. */
export function attempt(ledger: Ledger): number {
  if (ledger.attempted === ledger.capacity) throw new Error(`the ledger is full: it holds ${ledger.capacity} orders`);
  return ledger.attempted++;
}

/** Notes an answer: one for each time that the order was sent. A `confirmed` comes with its tracking id. */
export function note(ledger: Ledger, order: number, outcome: Outcome, trackingId = ''): void {
  if (outcome === 'confirmed' && outcomeOf(ledger, order) !== 'confirmed') {
    ledger.confirmed += 1;
    parseId(trackingId)?.copy(ledger.ids, order * idBytes);
  }
  ledger.answers[order]! |= bits[outcome];
}

/** The outcome of all attempts together: one that is known to be taken is; one that is not known to be refused may be. */
function outcomeOf({ answers }: Ledger, order: number): Outcome {
  if ((answers[order]! & bits.confirmed) !== 0) return 'confirmed';
  return answers[order] === bits.refused ? 'refused' : 'unknown';
}

/** What a row counts as: its number of rows in the low bits, and this one when one of them has the answered tracking id. */
const underItsId = 128;
const maxRows = 127;

/** Compares every row with every order, once all that was sent is stored or known not to be. Reads `rows` once. */
export async function judge(ledger: Ledger, rows: Iterable<Row> | AsyncIterable<Row>): Promise<Verdict> {
  const [lost, doubled, corrupted, invented] = [createFinding(), createFinding(), createFinding(), createFinding()];
  const found = new Uint8Array(ledger.attempted);
  let stored = 0;
  for await (const row of rows) {
    stored += 1;
    const order = orderOf(ledger, row);
    if (order === undefined || outcomeOf(ledger, order) === 'refused') {
      add(invented, order === undefined ? `row ${row.tracking_id}` : `order ${order}, refused`);
      continue;
    }
    const wrong = differences(ledger.valuesOf(order), row);
    if (wrong.length > 0) add(corrupted, `order ${order}: ${wrong.join(', ')}`);
    if ((found[order]! & maxRows) < maxRows) found[order]! += 1;
    if (hasId(ledger, order, row)) found[order]! |= underItsId;
  }
  const counts = { confirmed: 0, refused: 0, unknown: 0 };
  let recovered = 0;
  for (const [order, marks] of found.entries()) {
    const outcome = outcomeOf(ledger, order);
    counts[outcome] += 1;
    const count = marks & maxRows;
    if (count > 1) add(doubled, `order ${order}: ${count} rows`);
    if (outcome === 'unknown' && count > 0) recovered += 1;
    if (outcome !== 'confirmed') continue;
    if (count === 0) add(lost, `order ${order}`);
    if (count === 1 && marks < underItsId) add(corrupted, `order ${order}: tracking_id`);
  }
  return { attempted: ledger.attempted, ...counts, stored, recovered, lost, doubled, corrupted, invented };
}

/** Nothing lost, doubled, corrupted or invented. */
export function isGood({ lost, doubled, corrupted, invented }: Verdict): boolean {
  return [lost, doubled, corrupted, invented].every(({ count }) => count === 0);
}

/** By its user_id; by its tracking id where that one is another order's, so that a wrong user_id is found as such. */
function orderOf(ledger: Ledger, row: Row): number | undefined {
  const number = ledger.numberIn(row.user_id);
  const named = number !== undefined && number < ledger.attempted ? number : undefined;
  if (named !== undefined && (outcomeOf(ledger, named) !== 'confirmed' || hasId(ledger, named, row))) return named;
  const id = parseId(row.tracking_id);
  // Read from end to end, since it happens only where something is wrong.
  for (let at = id ? ledger.ids.indexOf(id) : -1; at >= 0; at = ledger.ids.indexOf(id ?? '', at + 1)) {
    if (at % idBytes === 0) return at / idBytes;
  }
  return named;
}

function hasId({ ids }: Ledger, order: number, row: Row): boolean {
  return parseId(row.tracking_id)?.equals(ids.subarray(order * idBytes, (order + 1) * idBytes)) ?? false;
}

function differences(sent: Values, row: Row): string[] {
  return [
    ...(row.user_id === sent.user_id ? [] : ['user_id']),
    ...(row.number_of_items === sent.number_of_items ? [] : ['number_of_items']),
    ...(cents(row.total_amount) === cents(sent.total_amount) ? [] : ['total_amount']),
  ];
}

/** The bytes of a UUID that is not all zeros; those stand for "none". */
function parseId(trackingId: string): Buffer | undefined {
  const bytes = Buffer.from(trackingId.replaceAll('-', ''), 'hex');
  return bytes.length === idBytes && bytes.some((byte) => byte !== 0) ? bytes : undefined;
}

/** Money as whole cents, exact; a text that is no amount equals only itself. */
function cents(amount: string): bigint | string {
  const [, whole, fraction = ''] = /^([0-9]+)(?:\.([0-9]{1,2}))?$/.exec(amount) ?? [];
  return whole === undefined ? amount : BigInt(whole + fraction.padEnd(2, '0'));
}

function createFinding(): Finding {
  return { count: 0, examples: [] };
}

function add(finding: Finding, example: string): void {
  finding.count += 1;
  if (finding.examples.length < maxExamples) finding.examples.push(example);
}
