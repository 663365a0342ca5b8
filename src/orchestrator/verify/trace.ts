import { randomBytes } from 'node:crypto';
import { DEAD_LETTER_QUEUE, ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import { Failure } from '../failure.ts';
import type { Target } from '../target/target.ts';
import { DeadlineError, done, notYet, until } from '../wait.ts';
import type { Walk } from './check.ts';
import { removeProbes } from './cluster/probes.ts';
import { passQueue, rowsOf } from './orders.ts';
import { readMax, remove, waiting } from './queue.amqp.ts';
import { requireRunning } from './running.ts';
import { endSessions } from './sessions.ts';
import { mendLeftovers } from './stopped.ts';

export const newTag = (): string => `verify-${randomBytes(4).toString('hex')}`;

/** What every tag looks like: nobody else's title, user or key begins so. */
const anyTag = '^verify-[0-9a-f]{8}';

/** A user_id that is a number cannot carry a tag: this many items of a user whose number begins so are one of ours. */
export const numberedOrder = { items: 837_439, prefix: '837439' } as const;

/** What is in the queue by now is stored soon, or never. */
const settleWithinMs = 30_000;
/** An order that is not in the table this long after the queue was empty has been lost. */
const quietMs = 2_000;

/** Removes what this walk made, and what an earlier one left that was killed; nothing else. */
export async function removeTrace(
  target: Target,
  say: (line: string) => void,
  placed: ReadonlySet<string> = new Set(),
): Promise<void> {
  await untilSettled(target, placed);
  const isOurs = `user_id ~ '${anyTag}' OR (user_id LIKE '${numberedOrder.prefix}%' AND number_of_items::text = '${numberedOrder.items}')`;
  await target.execute('billing', `DELETE FROM orders WHERE ${isOurs}; DELETE FROM rejections WHERE ${isOurs}`);
  await target.execute(
    'inventory',
    `DELETE FROM movies WHERE title ~ '${anyTag}'; DELETE FROM idempotency_keys WHERE key ~ '${anyTag}'`,
  );
  const dead = await waiting(target, DEAD_LETTER_QUEUE);
  if (dead === 0) return;
  if (dead > readMax) say(`${dead} dead letters are too many to look through: those of this walk stay among them`);
  const ours = new RegExp(`"${anyTag.slice(1)}`);
  await remove(target, DEAD_LETTER_QUEUE, ({ content }) => ours.test(content.toString()));
}

/**
 * What an earlier walk has left that was killed: stopped parts, limits, a lock, movies and orders.
 * @throws Failure not-running when a part is stopped, by whomever else
 */
export async function removeLeftovers(target: Target, walk: Walk): Promise<void> {
  const { say } = walk;
  if (target.kind === 'cluster') await removeProbes(target.kubectl);
  await requireRunning(target, ['rabbitmq']);
  const wasMended = await mendLeftovers(target, say);
  await requireRunning(target);
  try {
    const ended = await endSessions(target, `application_name ~ '${anyTag}'`);
    // Orders of that walk are on their way to the table now. Where no order is taken, the checks will tell.
    if (wasMended || ended > 0) await passQueue(target, walk).catch(() => undefined);
    await removeTrace(target, say);
    walk.placed.clear();
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('not-running', `The databases do not answer: ${message}`, {
      cause,
      cure: './orchestrator.sh status, or ./orchestrator.sh local status, tells why.',
    });
  }
}

/** An order that is stored after the removal would be a trace. One that was lost is not waited for. */
async function untilSettled(target: Target, placed: ReadonlySet<string>): Promise<void> {
  const ids = [...placed];
  let quietSince = Infinity;
  const look = async () => {
    const rows = await rowsOf(target, ids);
    if (rows.length >= ids.length || performance.now() - quietSince > quietMs) return done(undefined);
    const left = await waiting(target, ORDER_QUEUE);
    quietSince = left === 0 ? Math.min(quietSince, performance.now()) : Infinity;
    return notYet(`${rows.length} of ${ids.length} stored, ${left} in the queue`);
  };
  await until('all orders of the walk are stored', settleWithinMs, look, { everyMs: 250 }).catch((error: unknown) => {
    if (!(error instanceof DeadlineError)) throw error;
  });
}
