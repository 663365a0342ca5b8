import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { LocalSystem } from '@orchestrator/orchestrator/target/target.ts';
import { startLocalSystem } from '../support/local-system.ts';
import { eventually } from '../support/eventually.ts';
import { copyServices, sabotages } from '../support/sabotage.ts';
import type { ServicesCopy } from '../support/sabotage.ts';

const main = fileURLToPath(new URL('../../src/orchestrator/main.ts', import.meta.url));
let services: ServicesCopy;
let system: LocalSystem;
before(async (scope) => {
  services = await copyServices(scope);
  system = await startLocalSystem(scope, services.folder);
});

interface Told {
  verdict: string;
  ledger: Record<string, number>;
  faults: number;
  seed: number;
}

/** A drill at these moments, as a user starts it. */
function start(...args: string[]): ChildProcess {
  const argv = [main, 'drill', 'local', '--data', system.dir, '-o', 'json', ...args];
  return spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function end(child: ChildProcess): Promise<{ code: number | null; last: Told; stderr: string; lines: string[] }> {
  const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')]);
  const lines = stdout.trimEnd().split('\n');
  const last = lines.at(-1) ?? '';
  return { code: child.exitCode, last: (last === '' ? {} : JSON.parse(last)) as Told, stderr, lines };
}

const at = (...moments: string[]): string[] => moments.flatMap((moment) => ['--at', moment]);

async function rowsOfDrills(): Promise<number> {
  const sql = "SELECT count(*)::int AS count FROM orders WHERE user_id LIKE 'drill-%'";
  return (await system.query<{ count: number }>('billing', sql))[0]!.count;
}

async function assertWhole(): Promise<void> {
  await eventually(async () => {
    const { components } = await system.control.status();
    assert.deepEqual(
      components.filter(({ phase }) => phase !== 'ready'),
      [],
    );
  }, 60_000);
}

test('a system that keeps its promises passes, whatever is broken, and nothing is left behind', async (t) => {
  const moments = at(
    '1:billing-app-killed',
    '2:api-gateway-to-rabbitmq-cut',
    '3:billing-database-backend-killed',
    '4:billing-app-killed-with-orders-in-hand',
    '5:rabbitmq-killed',
    '6:queue-deleted',
    '7:rabbitmq-disk-alarm',
    '8:billing-database-stopped',
    '9:api-gateway-ended',
  );
  const { code, last, stderr, lines } = await end(start('--orders', '1000', '--rate', '50', '--seed', '1', ...moments));
  t.diagnostic(JSON.stringify(last));
  assert.equal(code, 0, stderr);
  const { verdict, ledger, faults, seed } = last;
  assert.deepEqual([verdict, faults, seed, lines.length], ['pass', 9, 1, 10]);
  assert.ok(ledger['attempted']! >= 1000 && ledger['confirmed']! > 0);
  assert.equal(ledger['stored'], ledger['confirmed']! + ledger['recovered']!);
  assert.deepEqual([ledger['lost'], ledger['doubled'], ledger['corrupted']], [0, 0, 0]);
  assert.equal(await rowsOfDrills(), 0);
  await assertWhole();
});

/** What such systems do wrong most often, the faults that show it, and what the drill must find and say. */
const broken = [
  {
    what: 'orders that are acknowledged before they are committed are lost',
    sabotage: sabotages.acknowledgesBeforeCommit,
    moments: ['2:billing-app-killed-with-orders-in-hand', '5:billing-app-killed-with-orders-in-hand'],
    finding: 'lost',
    says: /billing-app acknowledged orders before they were committed/,
  },
  {
    what: 'orders that are answered before the broker has confirmed them are lost',
    sabotage: sabotages.answersWithoutConfirm,
    moments: ['2:rabbitmq-killed-with-orders-in-hand'],
    finding: 'lost',
    says: /answered 200 before the broker had confirmed the order/,
  },
  {
    what: 'without a unique key orders that are sent again are doubled',
    sabotage: sabotages.insertsWithoutUniqueKey,
    sql: { before: 'DROP CONSTRAINT orders_tracking_id_key', after: 'ADD UNIQUE (tracking_id)' },
    moments: ['2:rabbitmq-frozen', '4:api-gateway-to-rabbitmq-cut', '6:rabbitmq-frozen'],
    finding: 'doubled',
    says: /its unique constraint is missing/,
  },
] as const;

for (const one of broken) {
  test(`${one.what}, and the drill says so`, async (t) => {
    const { service, edits } = one.sabotage;
    const restart = async (): Promise<void> => {
      await system.stop(service);
      await system.start(service);
    };
    const alter = async (when: 'before' | 'after'): Promise<void> => {
      if ('sql' in one) await system.execute('billing', `ALTER TABLE orders ${one.sql[when]}`);
    };
    t.after(async () => {
      await services.repair();
      await alter('after');
      await restart();
    });
    await assertWhole();
    await services.sabotage(edits);
    await alter('before');
    await restart();
    const { code, last, stderr } = await end(start('--orders', '500', '--rate', '50', ...at(...one.moments)));
    t.diagnostic(JSON.stringify(last));
    assert.equal(code, 78, stderr);
    assert.equal(last.verdict, 'fail');
    assert.ok(last.ledger[one.finding]! > 0, JSON.stringify(last));
    assert.match(stderr, one.says);
    assert.equal(await rowsOfDrills(), last.ledger['stored'], 'the evidence stays');
    await end(start('--restore'));
    assert.equal(await rowsOfDrills(), 0);
  });
}

for (const [signal, name] of [
  ['SIGINT', 'a drill that is stopped mends what it broke'],
  ['SIGKILL', 'what a killed drill left broken, the next one mends'],
] as const) {
  test(name, async () => {
    await assertWhole();
    const drill = start('--orders', '100000', '--rate', '20', ...at('0:billing-database-stopped'));
    const ended = end(drill).catch(() => undefined);
    await eventually(async () => {
      const { components } = await system.control.status();
      assert.equal(components.find((component) => component.name === 'billing-database')?.phase, 'stopped');
    }, 30_000);
    drill.kill(signal);
    await ended;
    if (signal === 'SIGINT') assert.equal(drill.exitCode, 130);
    if (signal === 'SIGKILL') assert.equal((await once(start('--restore'), 'close'))[0], 0);
    await assertWhole();
  });
}
