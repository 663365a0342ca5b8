import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '@orchestrator/orchestrator/config.ts';
import { connectControl } from '@orchestrator/orchestrator/local/control.ts';
import { isFree } from '@orchestrator/orchestrator/local/ports.ts';
import { portPlan } from '@orchestrator/orchestrator/local/ports.plan.ts';
import { removePostgres } from '@orchestrator/orchestrator/local/postgres.binaries.ts';
import { endLeftovers, runSystem } from '@orchestrator/orchestrator/local/run.ts';
import { openLocalSystem } from '@orchestrator/orchestrator/target/local.ts';
import type { LocalSystem } from '@orchestrator/orchestrator/target/target.ts';
import type { Terminal } from '@orchestrator/orchestrator/terminal.ts';
import { testOf } from './scope.ts';
import type { Scope } from './scope.ts';
import { stablePort } from './servers.ts';

/** The system on this machine as `./orchestrator.sh local` runs it, from these services, for the length of a file. */
export async function startLocalSystem(scope: Scope, services: string): Promise<LocalSystem> {
  const dir = await mkdtemp(join(tmpdir(), 'orchestrator-system-'));
  let told = '';
  const terminal: Terminal = {
    live: false,
    columns: () => 80,
    paint: (_style, text) => text,
    write: (text) => void (told += text),
  };
  const basePort = await freeBlock();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const environment = readEnvironment();
  const ended = runSystem({ dir, basePort, fresh: false, services, terminal, environment, answer: () => resolve() });
  testOf(scope).after(async () => {
    await connectControl(dir).then(
      (control) => control.down(),
      () => undefined,
    );
    await ended.catch(() => undefined);
    await endLeftovers(dir);
    for (const name of ['inventory-database', 'billing-database']) await removePostgres(join(dir, name));
    await removePostgres(dir);
  });
  const early = ended.then((code) => {
    throw new Error(`the system ended with ${code} before it was ready:\n${told}`);
  });
  await Promise.race([ready, early]);
  return openLocalSystem(dir);
}

/** As many ports in a row as the system uses. */
async function freeBlock(): Promise<number> {
  for (;;) {
    const base = await stablePort();
    const free = await Promise.all(Object.values(portPlan(base)).map(isFree));
    if (free.every(Boolean)) return base;
  }
}
