import { ORDER_QUEUE } from '@orchestrator/contracts/queue.ts';
import { signalProcess } from '../local/process-table.ts';
import type { ComponentName } from '../local/ports.plan.ts';
import { killHard } from '../target/kill.ts';
import type { LocalSystem, Target } from '../target/target.ts';
import { done, notYet, until } from '../wait.ts';
import { NotStruck } from './fault.ts';
import type { Fault, Scene, Strike } from './fault.ts';
import { freeze, pidOf, withChildren } from './faults.processes.ts';
import { brokerCommand } from './rabbitmqctl.ts';

const everywhere = (strike: Strike<Target>) => ({ local: strike, cluster: strike });

/** A start of Erlang's tools within it, on a busy node. */
const alarmTimeoutMs = 60_000;
const emptyTimeoutMs = 120_000;

/** Sets a limit that the broker has reached already, and sees the alarm. Restores what its configuration says there. */
const alarm =
  (set: readonly string[], restore: Readonly<Record<Target['kind'], readonly string[]>>): Strike<Target> =>
  async (target, { mender, hold, holdMs }) => {
    await mender.during({ kind: 'broker', commands: [restore[target.kind]] }, async () => {
      await brokerCommand(target, set);
      await until('the alarm of the broker', alarmTimeoutMs, async () => {
        const raised = await brokerCommand(target, ['eval', 'rabbit_alarm:get_alarms().']);
        return raised.includes('resource_limit') ? done(undefined) : notYet(raised.trim());
      });
      await hold(holdMs);
    });
  };

const memoryLimit = {
  local: ['set_vm_memory_high_watermark', '0.4'],
  cluster: ['set_vm_memory_high_watermark', 'absolute', '400MB'],
};
const diskLimit = ['set_disk_free_limit', '500MB'];

/** What waits in a queue goes with it, and that is no fault of the system's: it is deleted while nothing waits or is on its way. */
async function deleteQueue(target: Target, { quietly }: Scene): Promise<void> {
  await quietly(async () => {
    await until('the queue is empty', emptyTimeoutMs, async () => {
      const queues = await brokerCommand(target, ['list_queues', 'name', 'messages', '--formatter', 'json']);
      const depth = (JSON.parse(queues) as { name: string; messages: number }[]).find(
        ({ name }) => name === ORDER_QUEUE,
      );
      return (depth?.messages ?? 0) === 0 ? done(undefined) : notYet(`${depth?.messages} messages wait in it`);
    });
    if ((await target.broker.manage('GET', `/queues/%2F/${ORDER_QUEUE}?columns=name`)) === undefined) {
      throw new NotStruck(`there is no queue ${ORDER_QUEUE}`);
    }
    await target.broker.manage('DELETE', `/queues/%2F/${ORDER_QUEUE}`);
  });
}

/** PostgreSQL ends all others as well then, and recovers. */
async function killBackend(target: Target): Promise<void> {
  const sql = "SELECT pid FROM pg_stat_activity WHERE application_name = 'billing-app' ORDER BY pid LIMIT 1";
  const [backend] = await target.query<{ pid: number }>('billing', sql);
  if (backend === undefined) throw new NotStruck('billing-app has no connection to its database');
  if (target.kind === 'local') process.kill(backend.pid, 'SIGKILL');
  else await target.kubectl.run(['exec', 'billing-database-0', '--', 'sh', '-c', `kill -9 ${backend.pid}`]);
}

/** A store that stands still works off nothing, and what was sent to it meanwhile dies with it. */
const killWithOrdersInHand =
  (store: 'billing-database' | 'rabbitmq', and?: ComponentName): Strike<LocalSystem> =>
  async (system, scene) => {
    const pids = await withChildren(await pidOf(system, store));
    const hold = async (): Promise<void> => {
      await scene.hold(handfulMs);
      if (and !== undefined) await killHard(system, and);
      for (const pid of pids) signalProcess(pid, 'SIGKILL');
    };
    await freeze(store)(system, { ...scene, hold });
  };

/** Enough for some orders to be on their way. */
const handfulMs = 1_000;

const stopStore = (name: 'billing-database' | 'inventory-database' | 'rabbitmq'): Fault => ({
  name: `${name}-stopped`,
  explains: `${name} is stopped in order and stays away for some seconds`,
  ...everywhere(async (target, { mender, hold, holdMs }) => {
    await mender.during({ kind: 'start', component: name }, async () => {
      await target.stop(name);
      await hold(holdMs);
    });
  }),
});

export const stores: readonly Fault[] = [
  {
    name: 'rabbitmq-memory-alarm',
    explains: 'the broker believes that it has no memory left, and takes nothing from publishers for some seconds',
    ...everywhere(alarm(['set_vm_memory_high_watermark', '0.000001'], memoryLimit)),
  },
  {
    name: 'rabbitmq-disk-alarm',
    explains: 'the broker believes that its disk is full, and takes nothing from publishers for some seconds',
    ...everywhere(alarm(['set_disk_free_limit', '1000000GB'], { local: diskLimit, cluster: diskLimit })),
  },
  {
    name: 'queue-deleted',
    explains: `the queue ${ORDER_QUEUE} is deleted in a moment in which no order waits in it (no orders are sent for that moment)`,
    ...everywhere(deleteQueue),
  },
  {
    name: 'billing-database-backend-killed',
    explains: 'the process of PostgreSQL that stores orders dies (SIGKILL), which takes all its connections along',
    ...everywhere(killBackend),
  },
  {
    name: 'billing-app-killed-with-orders-in-hand',
    explains: 'billing-app and its database die together (SIGKILL), with orders taken from the queue and not stored',
    local: killWithOrdersInHand('billing-database', 'billing-app'),
  },
  {
    name: 'rabbitmq-killed-with-orders-in-hand',
    explains: 'the broker dies (SIGKILL) with orders that reached its machine and that it has not looked at',
    local: killWithOrdersInHand('rabbitmq'),
  },
  stopStore('billing-database'),
  stopStore('inventory-database'),
  stopStore('rabbitmq'),
];
