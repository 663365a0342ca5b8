import { Failure } from '../failure.ts';
import type { ComponentName } from '../local/ports.plan.ts';
import type { Target } from '../target/target.ts';
import { done, notYet, until } from '../wait.ts';
import type { Walk } from './check.ts';

/**
 * What is put out of order for a while is noted in the broker, as a policy that applies to nothing or as the one that does it:
 * a walk that is killed meanwhile leaves the note to the next one.
 */
const notePrefix = 'verify-';
const managedWithinMs = 60_000;

const stoppedPrefix = `${notePrefix}stopped-`;

interface Policy {
  name: string;
}

const policyPath = (name: string): string => `/policies/%2F/${encodeURIComponent(name)}`;

/** Does this while these parts are stopped, in this order; they run again afterwards, whatever became of it. */
export async function whileStopped<T>(
  target: Target,
  { say }: Pick<Walk, 'say'>,
  names: readonly ComponentName[],
  work: () => Promise<T>,
): Promise<T> {
  const [name, ...others] = names;
  if (name === undefined) return work();
  await note(target, `${stoppedPrefix}${name}`);
  try {
    say(`stopping ${name}`);
    await target.stop(name);
    return await whileStopped(target, { say }, others, work);
  } finally {
    say(`starting ${name}`);
    await target.start(name);
    await forget(target, `${stoppedPrefix}${name}`);
  }
}

/** Does this while the queue takes no more than so many messages, and refuses others. */
export async function whileFull<T>(target: Target, queue: string, length: number, work: () => Promise<T>): Promise<T> {
  const name = `${notePrefix}full-${queue}`;
  const definition = { 'max-length': length, overflow: 'reject-publish' };
  const pattern = `^${queue.replaceAll('.', String.raw`\.`)}$`;
  try {
    await target.broker.manage('PUT', policyPath(name), { pattern, definition, priority: 1000, 'apply-to': 'queues' });
    return await work();
  } finally {
    await forget(target, name);
  }
}

/** Starts what a killed walk had stopped, and lifts its limits. Returns whether there was anything to do. */
export async function mendLeftovers(target: Target, say: (line: string) => void): Promise<boolean> {
  const policies = (await target.broker.manage<Policy[]>('GET', '/policies/%2F')) ?? [];
  const notes = policies.filter((policy) => policy.name.startsWith(notePrefix));
  for (const { name } of notes) {
    if (name.startsWith(stoppedPrefix)) {
      const component = name.slice(stoppedPrefix.length) as ComponentName;
      say(`starting ${component}, which an earlier walk had stopped and was killed`);
      await target.start(component);
    }
    await forget(target, name);
  }
  return notes.length > 0;
}

/** The broker itself may be the part that was stopped: it is there when the note is made, and when it is taken away. */
async function note(target: Target, name: string): Promise<void> {
  await target.broker.manage('PUT', policyPath(name), {
    pattern: '^verify-nothing$',
    definition: { 'max-length': 1_000_000 },
    'apply-to': 'queues',
  });
}

/** A broker that has just started takes orders sooner than it is managed. */
async function forget(target: Target, name: string): Promise<void> {
  const attempt = async () => {
    try {
      return done(await target.broker.manage('DELETE', policyPath(name)));
    } catch (error) {
      if (error instanceof Failure) return notYet(error.message);
      throw error;
    }
  };
  await until('the broker can be managed', managedWithinMs, attempt, { everyMs: 250 });
}
