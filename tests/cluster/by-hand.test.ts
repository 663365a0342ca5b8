import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { clusterTest, ensureSystem, run, sh, start } from '../support/cluster.ts';
import { listPods, order, origins } from '../support/cluster.objects.ts';
import { eventually } from '../support/eventually.ts';
import { typeInto } from '../support/typing.ts';

/** The classic check of a course gives a stored order this long. */
const STORED_TIMEOUT_MS = 30_000;

/** A pod ends within its grace, or starts, on a busy machine. */
const POD_TIMEOUT_MS = 120_000;

const LOOK_EVERY_MS = 500;

clusterTest('the commands that people look with show the whole system, with and without -n', async (t) => {
  await ensureSystem(t);
  const nodes = (await sh('kubectl get nodes -A')).trimEnd().split('\n').slice(1);
  assert.ok(nodes.length >= 2);
  for (const node of nodes) assert.match(node, /^\S+ +Ready /);
  for (const where of [' -n microservices', '']) {
    const all = await sh(`kubectl get all${where}`);
    for (const name of ['deployment.apps/api-gateway', 'deployment.apps/rabbitmq', 'statefulset.apps/billing-app']) {
      assert.ok(all.includes(name), `${name} in kubectl get all${where}`);
    }
    const secrets = await sh(`kubectl get secrets${where}`);
    for (const name of ['inventory-database', 'billing-database', 'rabbitmq'])
      assert.match(secrets, RegExp(`^${name} `, 'm'));
    const sets = await sh(`kubectl get statefulset${where}`);
    for (const name of ['inventory-database', 'billing-database', 'billing-app'])
      assert.match(sets, RegExp(`^${name} +1/1`, 'm'));
    const pods = (await sh(`kubectl get pods${where}`)).trimEnd().split('\n').slice(1);
    assert.ok(pods.length >= 6);
    for (const pod of pods) assert.match(pod, / 1\/1 +Running /);
    await sh(`kubectl wait --for=condition=ready pod --all${where} --timeout=300s`);
  }
});

clusterTest('an order taken while billing-app is scaled to none is stored within 30 s of its return', async (t) => {
  await ensureSystem(t);
  const [origin = ''] = await origins();
  const stored = `SELECT * FROM orders WHERE user_id='22'`;
  const select = async (): Promise<string> =>
    typeInto(
      `kubectl exec -it billing-database-0 -n microservices -- psql -U billing_user -d orders -c \\"${stored}\\"`,
      [],
    );
  const count = async (): Promise<number> => [...(await select()).matchAll(/^ .*\| 22 /gm)].length;
  const before = await count();
  await sh('kubectl scale statefulset billing-app --replicas=0 -n microservices');
  await eventually(async () => assert.equal((await listPods('billing-app')).length, 0), POD_TIMEOUT_MS, LOOK_EVERY_MS);
  await sh('kubectl wait --for=delete pod/billing-app-0 --timeout=120s');
  await order(origin, '22');
  assert.equal(await count(), before, 'it waits in the queue');
  await sh('kubectl scale statefulset billing-app --replicas=1 -n microservices');
  await eventually(async () => assert.ok((await listPods('billing-app')).length > 0), POD_TIMEOUT_MS, LOOK_EVERY_MS);
  const startMs = performance.now();
  await eventually(async () => assert.equal(await count(), before + 1), STORED_TIMEOUT_MS, LOOK_EVERY_MS);
  t.diagnostic(`stored ${Math.round((performance.now() - startMs) / 1000)} s after kubectl scale --replicas=1`);
});

const shells = ['su - postgres', 'sudo -i -u postgres'] as const;

for (const shell of shells) {
  clusterTest(`a person finds the order and the movie in the databases: sh, ${shell}, psql`, async (t) => {
    await ensureSystem(t);
    const [origin = ''] = await origins();
    const title = randomUUID();
    const movie = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const body = JSON.stringify({ title, description: 'Very short description' });
    assert.equal((await fetch(`${origin}/api/movies`, { ...movie, body })).status, 200);
    const trackingId = await order(origin, '20');
    await eventually(async () => {
      const { state } = (await (await fetch(`${origin}/api/billing/${trackingId}`)).json()) as { state?: string };
      assert.equal(state, 'stored');
    }, STORED_TIMEOUT_MS);
    for (const [pod, database, table, found] of [
      ['billing-database-0', 'orders', 'orders', trackingId],
      ['inventory-database-0', 'inventory', 'movies', title],
    ] as const) {
      const screen = await typeInto(`kubectl exec -it ${pod} -n microservices -- sh`, [
        [/[$#] /, shell],
        [/postgres\$ /, 'psql'],
        [/postgres=# /, '\\pset pager off'],
        [/postgres=# /, '\\l'],
        [/postgres=# /, `\\c ${database}`],
        [RegExp(`${database}=# `), `TABLE ${table};`],
        [RegExp(`${database}=# `), '\\q'],
        [/postgres\$ /, 'exit'],
        [/[$#] /, 'exit'],
      ]);
      assert.match(screen, RegExp(` ${database} +\\|`), 'listed by \\l');
      assert.match(screen, RegExp(`You are now connected to database "${database}" as user "postgres"`));
      assert.ok(screen.includes(found), `the row in TABLE ${table}:\n${screen}`);
    }
  });
}

clusterTest('the page of RabbitMQ opens through port-forward with the password of secrets show', async (t) => {
  await ensureSystem(t);
  const { rabbitmq } = JSON.parse(await sh('./orchestrator.sh secrets show -o json')) as {
    rabbitmq: Record<string, string>;
  };
  const forward = start('kubectl port-forward svc/rabbitmq 15672:15672 -n microservices');
  t.after(() => forward.kill());
  const ask = async (password: string): Promise<number> => {
    const credentials = Buffer.from(`${rabbitmq['admin-username']}:${password}`).toString('base64');
    const headers = { authorization: `Basic ${credentials}` };
    return (await fetch('http://127.0.0.1:15672/api/queues', { headers })).status;
  };
  await eventually(async () => assert.equal(await ask(rabbitmq['admin-password'] ?? ''), 200), POD_TIMEOUT_MS);
  const page = await (await fetch('http://127.0.0.1:15672/')).text();
  assert.match(page, /<title>RabbitMQ Management<\/title>/);
  assert.equal(await ask('guest'), 401, 'the published password is not that of this cluster');
});

clusterTest('logs -f deployment/api-gateway follows what the gateway writes', async (t) => {
  await ensureSystem(t);
  const [origin = ''] = await origins();
  for (const where of [' -n microservices', '']) {
    const follow = start(`kubectl logs -f deployment/api-gateway${where}`);
    t.after(() => follow.kill());
    let shown = '';
    follow.stdout?.setEncoding('utf8').on('data', (part: string) => (shown += part));
    await eventually(
      async () => {
        const { status } = await fetch(`${origin}/api/movies/${Date.now() % 2 ** 31}`);
        assert.equal(status, 404);
        assert.match(shown, /"path":"\/api\/movies\/|\/api\/movies/, 'a request that came after the command');
      },
      POD_TIMEOUT_MS,
      LOOK_EVERY_MS,
    );
    follow.kill();
  }
});

clusterTest('a pod that runs as root is refused', async (t) => {
  await ensureSystem(t);
  const { code, stderr } = await run(
    'kubectl run root --image=postgres:15-alpine --restart=Never --command -- sleep 1',
  );
  assert.notEqual(code, 0);
  assert.match(stderr, /violates PodSecurity "restricted:latest".*runAsNonRoot/s);
});
