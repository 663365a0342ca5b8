import { killHard, untilBack } from '../target/kill.ts';
import type { Target } from '../target/target.ts';
import { DeadlineError, done, notYet, until } from '../wait.ts';
import type { Walk } from './check.ts';
import { orderOf, passQueue, place, settledWithinMs, storedWithinMs, untilStored } from './orders.ts';
import { Broken, expect } from './promise.ts';
import { countSessions, endSessions } from './sessions.ts';

/** The table is locked for no longer than this, even when nobody is left to unlock it. */
const lockedMaxS = 120;

/** A killed pod comes back on a busy node. */
const backWithinMs = 90_000;

/** How billing-app names itself to its database. */
const isConsumer = "application_name = 'billing-app'";

/**
 * Kills billing-app between the arrival of an order and its commit: the table is locked, the INSERT waits, the process is killed, and
 * its session in the database is ended. What was not acknowledged is delivered again.
 */
export async function commitBeforeAcknowledgement(target: Target, walk: Walk): Promise<string> {
  const { tag, signal, say } = walk;
  const untilAny = (what: string, where: string, withinMs: number, options: { signal?: AbortSignal } = {}) =>
    until(what, withinMs, async () => ((await countSessions(target, where)) > 0 ? done(undefined) : notYet('none')), {
      everyMs: 250,
      ...options,
    });

  say('locking the table orders for a moment');
  const locked = target
    .execute(
      'billing',
      `SET application_name = '${tag}'; BEGIN; LOCK TABLE orders IN SHARE MODE; SELECT pg_sleep(${lockedMaxS}); COMMIT`,
    )
    // It ends by being ended.
    .catch(() => undefined);
  let id: string;
  try {
    const isLocked = `application_name = '${tag}' AND wait_event = 'PgSleep'`;
    await untilAny('the table is locked', isLocked, storedWithinMs, { signal });
    id = await place(target, walk, orderOf(walk, 'commit'));
    await untilAny('the INSERT waits', `${isConsumer} AND wait_event_type = 'Lock'`, storedWithinMs, { signal });
    const [moment] = await target.query<{ now: string }>('billing', 'SELECT clock_timestamp()::text AS now');
    say('killing billing-app');
    await killHard(target, 'billing-app');
    // From here on to the end, also after a Ctrl-C. By the time it is back the killed process is gone for certain, but not its
    // session, which would still carry out what it had sent.
    await untilAny('billing-app comes back', `${isConsumer} AND backend_start > '${moment?.now}'`, backWithinMs);
    await endSessions(target, `${isConsumer} AND backend_start <= '${moment?.now}'`);
  } finally {
    await endSessions(target, `application_name = '${tag}'`);
    await locked;
    await untilBack(target, 'billing-app');
  }
  await passQueue(target, walk);
  const rows = await untilStored(target, [id], signal, settledWithinMs).catch((error: unknown) => {
    if (!(error instanceof DeadlineError)) throw error;
    throw new Broken(
      `${id} was answered with 200, billing-app was killed before the commit, and after its restart the order is lost`,
      'billing-app acknowledges before it has stored: src/billing-app/orders.amqp.ts must acknowledge after the commit.',
    );
  });
  expect(rows.length === 1, `${id} is in the table ${rows.length} times`);
  return `the INSERT of ${id} waited for a lock, billing-app was killed, and after its restart the row is there once`;
}
