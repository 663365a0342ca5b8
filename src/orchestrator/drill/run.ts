import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../target/target.ts';
import { done, notYet, until } from '../wait.ts';
import { NotPossible, NotStruck } from './fault.ts';
import { strike } from './faults.ts';
import type { Mender } from './mend.ts';
import { startSender } from './orders.sender.ts';
import type { Sender } from './orders.sender.ts';
import type { PlannedFault } from './plan.ts';
import { readDepth } from './settle.ts';
import type { StruckFault } from './verdict.ts';
import { untilWhole } from './whole.ts';

export interface DrillOptions {
  run: string;
  orders: number;
  perSecond: number;
  plan: readonly PlannedFault[];
  /** The file of the ledger. */
  file: string;
  mender: Mender;
  signal: AbortSignal;
  onFault: (fault: StruckFault) => void;
  say: (line: string) => void;
}

export interface Drill {
  sender: Sender;
  faults: StruckFault[];
  /** Orders waiting in the queue, by seconds from the start; not while the broker is away. */
  depths: [seconds: number, depth: number][];
}

/** A broker that reads its log, a node that starts six pods, on a busy machine. */
const recoverTimeoutMs = 300_000;
const sampleEveryMs = { local: 1_000, cluster: 3_000 };
const sayEveryMs = 5_000;
/** An hour beyond the orders for faults that take long. */
const overtimeS = 3_600;

/**
 * Sends orders and strikes the faults of the plan, one after the other, until both are through. It ends before that when
 * the system does not recover from one, or the signal fires.
 */
export async function runDrill(target: Target, options: DrillOptions): Promise<Drill> {
  const { run, orders, perSecond, plan, file, mender, signal, onFault, say } = options;
  if (target.kind === 'local' && plan.some(({ fault }) => fault.name.endsWith('-cut'))) {
    await mender.note({ kind: 'relays-off' });
    await target.control.relay(true);
  }
  const capacity = orders + perSecond * overtimeS;
  const sender = startSender({ run, gateways: target.gateways, perSecond, capacity, file, signal });
  const drill: Drill = { sender, faults: [], depths: [] };
  const over = new AbortController();
  const watching = Promise.all([sampleDepth(target, drill, over.signal), tell(drill, orders, say, over.signal)]);
  try {
    for (const planned of plan) {
      await hold(planned.at * 1000 - sender.elapsedMs(), signal);
      if (signal.aborted) break;
      const fault = await strikeOne(target, planned, sender, mender, signal);
      drill.faults.push(fault);
      onFault(fault);
      // What stays broken is known as such: whatever came next would only be refused.
      if (fault.recovered === undefined) return drill;
    }
    await until('all orders are sent', 1e9, () => {
      const isThrough = sender.ledger.attempted >= orders || signal.aborted;
      return isThrough ? done(undefined) : notYet(`${sender.ledger.attempted} of ${orders}`);
    });
  } finally {
    over.abort();
    await watching;
    await sender.stop();
    await mender.mendAll();
  }
  return drill;
}

async function hold(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => undefined);
}

async function strikeOne(
  target: Target,
  { fault, holdMs, choice }: PlannedFault,
  sender: Sender,
  mender: Mender,
  signal: AbortSignal,
): Promise<StruckFault> {
  const seconds = (): number => Math.round(sender.elapsedMs() / 100) / 10;
  const from = seconds();
  const scene = { holdMs, choice, mender, quietly: sender.quietly, hold: (ms: number) => hold(ms, signal), signal };
  let problem: string | undefined;
  let leftOut: string | undefined;
  try {
    await strike(fault, target, scene);
  } catch (error) {
    if (error instanceof NotPossible) leftOut = error.message;
    else
      problem = `${error instanceof NotStruck ? 'it did not strike' : 'it could not be carried out'}: ${(error as Error).message}`;
  }
  const to = seconds();
  const mendedMs = sender.elapsedMs();
  const recovered = await untilWhole(target, recoverTimeoutMs, signal, () => sender.confirmedSince(mendedMs)).then(
    () => seconds(),
    () => undefined,
  );
  return {
    name: fault.name,
    from,
    to,
    recovered,
    ...(problem !== undefined && { problem }),
    ...(leftOut !== undefined && { leftOut }),
  };
}

/** Looks at the queue now and then; while the broker is away there is nothing to see. */
async function sampleDepth(target: Target, { sender, depths }: Drill, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await readDepth(target).then(
      (depth) => depths.push([sender.elapsedMs() / 1000, depth]),
      () => undefined,
    );
    await hold(sampleEveryMs[target.kind], signal);
  }
}

async function tell(
  { sender, faults, depths }: Drill,
  orders: number,
  say: (line: string) => void,
  signal: AbortSignal,
) {
  while (!signal.aborted) {
    await hold(sayEveryMs, signal);
    const { attempted, confirmed } = sender.ledger;
    const waiting = depths.at(-1)?.[1] ?? 0;
    say(
      `${Math.round(sender.elapsedMs() / 1000)} s: ${attempted} of ${orders} orders, ${confirmed} confirmed, ${waiting} in the queue, ${faults.length} faults`,
    );
  }
}
