import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Check } from '@orchestrator/orchestrator/verify/check.ts';
import { allChecks } from '@orchestrator/orchestrator/verify/checks.ts';
import { groupOf } from '@orchestrator/orchestrator/verify/report.ts';
import { walk } from '@orchestrator/orchestrator/verify/walk.ts';
import type { Looked } from '@orchestrator/orchestrator/verify/walk.ts';
import type { LocalSystem } from '@orchestrator/orchestrator/target/target.ts';
import { startLocalSystem } from '../support/local-system.ts';
import { startLyingProxy } from '../support/lying-proxy.ts';
import type { LyingProxy } from '../support/lying-proxy.ts';
import { copyServices } from '../support/sabotage.ts';
import type { ServicesCopy } from '../support/sabotage.ts';
import type { Break } from './break.ts';
import { errorBreaks } from './breaks.errors.ts';
import { healthBreaks, messageBreaks } from './breaks.message.ts';
import { movieBreaks } from './breaks.movies.ts';
import { orderBreaks } from './breaks.orders.ts';

const breaks: readonly Break[] = [...healthBreaks, ...movieBreaks, ...orderBreaks, ...errorBreaks, ...messageBreaks];
const here = allChecks.filter(({ where }) => where !== 'cluster');

const undisturbing = here.filter(({ disturbs }) => !disturbs);

let services: ServicesCopy;
let system: LocalSystem;
/** Stand before the services; without a lie all goes through as it is. */
let proxies: Record<'api-gateway' | 'inventory-app' | 'billing-app', LyingProxy>;

before(async (t) => {
  services = await copyServices(t);
  system = await startLocalSystem(t, services.folder);
  const { components } = await system.control.status();
  const proxyFor = (name: string): Promise<LyingProxy> => {
    const port = components.find((component) => component.name === name)?.port;
    return startLyingProxy(t, `http://127.0.0.1:${port}`);
  };
  proxies = {
    'api-gateway': await proxyFor('api-gateway'),
    'inventory-app': await proxyFor('inventory-app'),
    'billing-app': await proxyFor('billing-app'),
  };
});

/** The system with the proxies in front. */
function throughProxies(): LocalSystem {
  const status: LocalSystem['control']['status'] = async () => {
    const { components, ...rest } = await system.control.status();
    const port = (name: 'inventory-app' | 'billing-app'): number => Number(new URL(proxies[name].url).port);
    const shown = components.map((one) =>
      one.name === 'inventory-app' || one.name === 'billing-app' ? { ...one, port: port(one.name) } : one,
    );
    return { ...rest, components: shown };
  };
  return { ...system, gateways: [proxies['api-gateway'].url], control: { ...system.control, status } };
}

async function restart(service: 'api-gateway' | 'billing-app'): Promise<void> {
  await system.stop(service);
  await system.start(service);
}

async function whileBroken<T>(given: Break, look: (target: LocalSystem) => Promise<T>): Promise<T> {
  const { lie, at = 'api-gateway', sabotage, sql, view } = given;
  const mends: (() => unknown)[] = [];
  try {
    if (sql !== undefined) {
      mends.push(() => system.execute(sql.database, sql.mends));
      await system.execute(sql.database, sql.breaks);
    }
    if (sabotage !== undefined) {
      mends.push(async () => {
        await services.repair();
        await restart(sabotage.service);
      });
      await services.sabotage(sabotage.edits);
      await restart(sabotage.service);
    }
    if (lie !== undefined) {
      mends.push(() => proxies[at].tell({}));
      proxies[at].tell(lie);
    }
    const seen = await view?.(throughProxies());
    if (seen !== undefined) mends.push(seen.mend);
    return await look(seen?.target ?? throughProxies());
  } finally {
    for (const mend of mends.toReversed()) await mend();
  }
}

/**
 * Looks at these, at what disturbs nothing of their groups, and at the first of every other group. What stops parts comes last: what
 * it leaves of a broken system is not looked at.
 */
async function lookAt(target: LocalSystem, ids: readonly string[]): Promise<Looked[]> {
  const groups = ids.map(groupOf);
  const firsts = Object.values(Object.groupBy(undisturbing, ({ id }) => groupOf(id))).map((group = []) => group[0]);
  const controls = undisturbing.filter((check) => firsts.includes(check) || groups.includes(groupOf(check.id)));
  const meant = here.filter((check) => ids.includes(check.id) && !controls.includes(check));
  return lookAtAll(target, [
    ...controls,
    ...meant.toSorted((a, b) => Number(a.disturbs ?? 0) - Number(b.disturbs ?? 0)),
  ]);
}

async function lookAtAll(target: LocalSystem, checks: readonly Check[]): Promise<Looked[]> {
  const options = { gentle: false, signal: new AbortController().signal, say: () => undefined };
  return (await walk(target, checks, options)).looked;
}

const failed = (looked: readonly Looked[]): Looked[] => looked.filter(({ outcome }) => outcome.result === 'fail');

test('every check that this machine can look at has a break that turns it red', () => {
  const seen = new Set(breaks.flatMap(({ turnsRed }) => turnsRed));
  assert.deepEqual([...seen].toSorted(), here.map(({ id }) => id).toSorted());
});

test('through proxies that do not lie nothing is red', async () => {
  assert.deepEqual(failed(await lookAtAll(throughProxies(), undisturbing)), []);
});

for (const given of breaks) {
  const { title, turnsRed, names = /./ } = given;
  test(`${title}: ${turnsRed.join(', ')}`, async () => {
    const red = failed(await whileBroken(given, (target) => lookAt(target, turnsRed)));
    assert.deepEqual(
      red.map(({ check }) => check.id).toSorted(),
      [...turnsRed].toSorted(),
      JSON.stringify(
        red.map(({ check, outcome }) => [check.id, outcome]),
        undefined,
        2,
      ),
    );
    const outcome = red.find(({ check }) => check.id === turnsRed[0])?.outcome;
    assert.ok(outcome?.result === 'fail');
    assert.match(outcome.evidence, names);
    assert.match(outcome.cure, /\w/);
  });
}
