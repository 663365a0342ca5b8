import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { done, notYet, until } from '../wait.ts';
import type { Component } from './components.ts';
import type { ComponentName } from './ports.plan.ts';
import { startProcess } from './process.ts';
import { Supervisor, restartDelayMs } from './supervisor.ts';
import type { ComponentState } from './supervisor.ts';

/** Components that are real processes of any kind; `problems` is what their readiness probes say. */
async function supervise(
  t: TestContext,
  scripts: Partial<Record<ComponentName, string>>,
  problems: Record<string, string> = {},
) {
  const dir = await mkdtemp(join(tmpdir(), 'orchestrator-supervisor-'));
  const history: string[] = [];
  const components = Object.entries(scripts).map(([name, script]): Component => {
    const files = { logFile: join(dir, `${name}.log`), pidFile: join(dir, `${name}.pid`) };
    const ending = { stopSignal: 'SIGTERM', forceSignal: 'SIGKILL', graceMs: 5_000 } as const;
    return {
      name: name as ComponentName,
      port: 0,
      logFile: files.logFile,
      start: () => startProcess({ argv: ['sh', '-c', script], ports: {}, ...files, ...ending }),
      problem: async () => problems[name],
    };
  });
  const supervisor = new Supervisor(components, ({ name, phase }) => history.push(`${name} ${phase}`));
  t.after(async () => {
    await supervisor.stopAll([components.map(({ name }) => name)]);
    await rm(dir, { recursive: true });
  });
  const state = (name: string): ComponentState => {
    const found = supervisor.states.find((candidate) => candidate.name === name);
    assert.ok(found);
    return found;
  };
  const comesTo = (name: string, phase: string) =>
    until(
      `${name} is ${phase}`,
      15_000,
      () => (state(name).phase === phase ? done(state(name)) : notYet(state(name).phase)),
      { everyMs: 5 },
    );
  return { supervisor, history, state, comesTo, problems };
}

const runs = 'exec sleep 600';

test('a killed component is shown as crashed and started again, one that was stopped is not', async (t) => {
  const { supervisor, history, state, comesTo } = await supervise(t, { 'billing-app': runs });
  await supervisor.start('billing-app');
  const { pid = 0 } = state('billing-app');
  process.kill(pid, 'SIGKILL');
  assert.match((await comesTo('billing-app', 'crashed')).detail, /ended by SIGKILL; restart in 0\.5 s/);
  const again = await comesTo('billing-app', 'ready');
  assert.notEqual(again.pid, pid);
  assert.equal(again.restarts, 1);

  await supervisor.stop('billing-app');
  assert.deepEqual([state('billing-app').phase, state('billing-app').pid], ['stopped', undefined]);
  assert.deepEqual(history.slice(0, 4), [
    'billing-app starting',
    'billing-app ready',
    'billing-app crashed',
    'billing-app starting',
  ]);
  assert.deepEqual(history.slice(-2), ['billing-app stopping', 'billing-app stopped']);
});

test('a component that ends while it starts fails the start, with its log', async (t) => {
  const { supervisor, state } = await supervise(
    t,
    { 'billing-app': 'echo cannot reach the moon; exit 1' },
    { 'billing-app': 'no' },
  );
  await assert.rejects(supervisor.start('billing-app'), {
    kind: 'start-failed',
    message: /billing-app did not start: it ended \(exit code 1\)\. Its log:\ncannot reach the moon/,
  });
  assert.equal(state('billing-app').phase, 'stopped');
});

test('a stop ends a restart that waits, and a start that is under way', async (t) => {
  const { supervisor, state, comesTo } = await supervise(
    t,
    { 'billing-app': runs, 'api-gateway': runs },
    { 'api-gateway': 'not yet' },
  );
  await supervisor.start('billing-app');
  process.kill(state('billing-app').pid ?? 0, 'SIGKILL');
  await comesTo('billing-app', 'crashed');
  await supervisor.stop('billing-app');
  const starting = assert.rejects(supervisor.start('api-gateway'), /stopped before it was ready/);
  await comesTo('api-gateway', 'starting');
  await supervisor.stop('api-gateway');
  await starting;
  assert.deepEqual(
    supervisor.states.map(({ phase }) => phase),
    ['stopped', 'stopped'],
  );
});

test('a component that no longer can do its work is shown as not ready, with its reason', async (t) => {
  const { supervisor, comesTo, problems } = await supervise(t, { 'billing-app': runs });
  await supervisor.start('billing-app');
  problems['billing-app'] = 'the database is away';
  assert.equal((await comesTo('billing-app', 'not ready')).detail, 'the database is away');
  delete problems['billing-app'];
  await comesTo('billing-app', 'ready');
});

test('everything stops group by group', async (t) => {
  const { supervisor, history } = await supervise(t, { 'api-gateway': runs, rabbitmq: runs });
  await Promise.all([supervisor.start('rabbitmq'), supervisor.start('api-gateway')]);
  await supervisor.stopAll([['api-gateway'], ['rabbitmq']]);
  assert.deepEqual(history.slice(-4), [
    'api-gateway stopping',
    'api-gateway stopped',
    'rabbitmq stopping',
    'rabbitmq stopped',
  ]);
});

test('restarts wait longer and longer, 15 s at the most', () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 60].map(restartDelayMs), [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
});
