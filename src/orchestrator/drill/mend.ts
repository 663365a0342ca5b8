import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repository, readIfThere, writePrivateFile } from '../files.ts';
import { CommandError } from '../exec.ts';
import { processIdentity, signalProcess } from '../local/process-table.ts';
import type { ComponentName } from '../local/ports.plan.ts';
import type { Target } from '../target/target.ts';
import { brokerCommand } from './rabbitmqctl.ts';

/** How something that a fault broke is mended: written down before it is broken, so that a later drill can do it as well. */
export type Mend =
  | { kind: 'continue'; processes: readonly { pid: number; identity: string }[] }
  | { kind: 'start'; component: ComponentName }
  | { kind: 'broker'; commands: readonly (readonly string[])[] }
  | { kind: 'uncordon'; node: string }
  | { kind: 'create'; manifest: string }
  | { kind: 'relays-off' };

/** Keeps what has to be mended in a file until it is. */
export interface Mender {
  /** Notes it, breaks and holds, and mends in any case. */
  during: (mend: Mend, work: () => Promise<void>) => Promise<void>;
  /** Notes what `mendAll` shall mend at the end. */
  note: (mend: Mend) => Promise<void>;
  /** Mends whatever is noted, the last one first. */
  mendAll: () => Promise<number>;
}

const tries = 20;
const pauseMs = 3_000;

/** One file for each kind of system: two drills never work on one. */
const fileOf = (target: Target): string =>
  target.kind === 'local'
    ? join(target.dir, 'drill-broken.json')
    : join(repository, '.local/cluster/drill-broken.json');

export async function openMender(target: Target): Promise<Mender> {
  const file = fileOf(target);
  let noted = JSON.parse((await readIfThere(file)) ?? '[]') as Mend[];
  const write = async (next: Mend[]): Promise<void> => {
    noted = next;
    await mkdir(dirname(file), { recursive: true });
    if (next.length === 0) await rm(file, { force: true });
    else await writePrivateFile(file, JSON.stringify(next));
  };
  const note = (mend: Mend): Promise<void> => write([...noted, mend]);
  const settle = async (mend: Mend): Promise<void> => {
    await persistently(() => apply(target, mend));
    await write(noted.filter((each) => each !== mend));
  };
  return {
    note,
    during: async (mend, work) => {
      await note(mend);
      try {
        await work();
      } finally {
        await settle(mend);
      }
    },
    mendAll: async () => {
      const left = noted.toReversed();
      for (const mend of left) await settle(mend);
      return left.length;
    },
  };
}

/** What was broken may be in the way of its own repair for a while: a broker that starts, an API server that is busy. */
async function persistently(work: () => Promise<void>): Promise<void> {
  for (let left = tries - 1; ; left -= 1) {
    try {
      return await work();
    } catch (error) {
      if (left === 0) throw error;
      await sleep(pauseMs);
    }
  }
}

async function apply(target: Target, mend: Mend): Promise<void> {
  if (mend.kind === 'start') return target.start(mend.component);
  if (mend.kind === 'broker') {
    for (const command of mend.commands) await brokerCommand(target, command);
    return;
  }
  if (mend.kind === 'continue') return continueProcesses(mend.processes);
  if (target.kind === 'local') return mend.kind === 'relays-off' ? target.control.relay(false) : undefined;
  const { kubectl } = target;
  if (mend.kind === 'uncordon') await kubectl.run(['uncordon', mend.node]);
  if (mend.kind === 'create') await kubectl.run(['create', '-f', '-'], { input: mend.manifest }).catch(ignoreExisting);
}

async function continueProcesses(processes: readonly { pid: number; identity: string }[]): Promise<void> {
  for (const { pid, identity } of processes) {
    if ((await processIdentity(pid)) === identity) signalProcess(pid, 'SIGCONT');
  }
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof CommandError) || !error.output.includes('(AlreadyExists)')) throw error;
}
