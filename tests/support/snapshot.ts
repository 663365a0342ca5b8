import { ORDER_QUEUE, DEAD_LETTER_QUEUE } from '@orchestrator/contracts/queue.ts';
import type { LocalSystem } from '@orchestrator/orchestrator/target/target.ts';

/** All that a system holds and is, but for sequences and the ids of processes: the same before and after what leaves no trace. */
export async function snapshotOf(system: LocalSystem): Promise<unknown> {
  const { broker, control } = system;
  const bodies = async (queue: string): Promise<string[]> =>
    broker.withChannel(async (channel) => {
      const found: string[] = [];
      for (;;) {
        // Never acknowledged: they are back in the queue when the channel closes.
        const message = await channel.get(queue);
        if (message === false) return found.toSorted();
        found.push(`${message.properties.messageId} ${message.content.toString()}`);
      }
    });
  const { components } = await control.status();
  const tables = async (database: 'inventory' | 'billing', names: readonly string[]) =>
    Promise.all(names.map(async (name) => [name, await system.query(database, `SELECT * FROM ${name} ORDER BY 1`)]));
  return {
    inventory: await tables('inventory', ['movies', 'idempotency_keys']),
    billing: await tables('billing', ['orders', 'rejections']),
    sessions: await system.query(
      'billing',
      "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'verify%'",
    ),
    queues: await Promise.all([ORDER_QUEUE, DEAD_LETTER_QUEUE].map(bodies)),
    declared: ((await broker.manage<Queue[]>('GET', '/queues/%2F')) ?? []).map((queue) => [
      queue.name,
      queue.arguments,
    ]),
    policies: await broker.manage('GET', '/policies/%2F'),
    phases: components.map(({ name, phase }) => [name, phase]),
  };
}

interface Queue {
  name: string;
  arguments: object;
}
