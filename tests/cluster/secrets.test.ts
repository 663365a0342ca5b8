import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { markNamespace } from '../support/cluster.namespace.ts';
import { assertStoredOnce, loadSystem } from '../support/cluster.load.ts';
import { listPods, origins } from '../support/cluster.objects.ts';
import {
  assertDone,
  clusterTest,
  ensureNothing,
  ensureSystem,
  folder,
  kubeconfig,
  onCluster,
  orchestrator,
  run,
  sh,
} from '../support/cluster.ts';

type Credentials = Record<'inventory-database' | 'billing-database' | 'rabbitmq', Record<string, string>>;

async function readCredentials(): Promise<Credentials> {
  return JSON.parse(await sh('./orchestrator.sh secrets show -o json')) as Credentials;
}

const passwordsOf = (credentials: Credentials): string[] =>
  Object.values(credentials).flatMap((secret) =>
    Object.entries(secret).flatMap(([key, value]) => (key.endsWith('password') ? [value] : [])),
  );

/** Whether a client that comes over the network gets in, for each of the passwords. */
async function accepted(credentials: Credentials): Promise<Record<string, boolean>> {
  const result: Record<string, boolean> = {};
  for (const [name, database] of [
    ['inventory-database', 'inventory'],
    ['billing-database', 'orders'],
  ] as const) {
    const { username, password, 'superuser-password': superuserPassword } = credentials[name];
    for (const [user, word] of [
      [username, password],
      ['postgres', superuserPassword],
    ] as const) {
      const uri = `postgres://${user}:${word}@${name}-0.${name}:5432/${database}`;
      const { code } = await run(`kubectl exec -n microservices ${name}-0 -- psql ${uri} -c 'SELECT 1'`);
      result[`${name}/${user}`] = code === 0;
    }
  }
  const { username, password, 'admin-username': admin, 'admin-password': adminPassword } = credentials.rabbitmq;
  for (const [user, word] of [
    [username, password],
    [admin, adminPassword],
  ]) {
    const check = `rabbitmqctl -q authenticate_user ${user} ${word}`;
    result[`rabbitmq/${user}`] =
      (await run(`kubectl exec -n microservices deployment/rabbitmq -- ${check}`)).code === 0;
  }
  return result;
}

const everyUser = (is: boolean): Record<string, boolean> => ({
  'inventory-database/inventory_user': is,
  'inventory-database/postgres': is,
  'billing-database/billing_user': is,
  'billing-database/postgres': is,
  'rabbitmq/services': is,
  'rabbitmq/guest': is,
});

clusterTest('the passwords are strong and random, and stand in Secrets only', async (t) => {
  await ensureNothing();
  const created = await orchestrator(`create ${onCluster}`);
  assertDone(created, 'cluster created');
  const credentials = await readCredentials();
  const passwords = passwordsOf(credentials);
  assert.equal(new Set(passwords).size, 6);
  for (const password of passwords) assert.ok(password.length >= 20, 'long enough');
  const demonstration = readFileSync(join(folder, 'Manifests/secrets.yaml'), 'utf8');
  for (const password of passwords) assert.ok(!demonstration.includes(password));

  const elsewhere = [
    created.stdout + created.stderr,
    await sh('kubectl get all,configmaps,horizontalpodautoscalers,events -n microservices -o yaml'),
    ...globSync(['*', 'Manifests/*', '.local/**/*.json'], { cwd: folder })
      .filter((path) => /\.(json|yaml)$/.test(path))
      .map((path) => readFileSync(join(folder, path), 'utf8')),
  ];
  for (const { metadata } of await listPods()) elsewhere.push(await sh(`kubectl logs ${metadata.name}`));
  for (const password of passwords) assert.ok(!elsewhere.some((text) => text.includes(password)));
  t.diagnostic(`${passwords.length} passwords looked for in ${elsewhere.length} places`);
  assert.deepEqual(await accepted(credentials), everyUser(true));
});

clusterTest('applied by hand, the demonstration values hold; create replaces them and keeps the data', async () => {
  await ensureNothing();
  await sh(`kubectl --kubeconfig='${kubeconfig}' apply -f Manifests/namespace.yaml -f Manifests/`);
  await markNamespace(kubeconfig);
  const on = `kubectl --kubeconfig='${kubeconfig}' -n microservices`;
  await sh(`${on} rollout status deployment/api-gateway --timeout=300s`);
  await sh(`${on} wait --for=condition=ready pod --all --timeout=300s`);
  const [origin] = await origins();
  assert.equal((await fetch(`${origin}/api/movies`)).status, 200);
  const page = `${on} exec deployment/rabbitmq -- rabbitmqctl -q authenticate_user guest guest`;
  await sh(page);

  const movie = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const body = JSON.stringify({ title: 'Kept', description: 'made before create' });
  assert.equal((await fetch(`${origin}/api/movies`, { ...movie, body })).status, 200);

  assertDone(await orchestrator(`create ${onCluster}`), 'cluster created');
  assert.match(await (await fetch(`${origin}/api/movies?title=Kept`)).text(), /made before create/);
  const credentials = await readCredentials();
  assert.notEqual(credentials.rabbitmq['admin-password'], 'guest');
  await assert.rejects(sh(page));
  const { stderr } = await orchestrator('secrets show');
  assert.doesNotMatch(stderr, /Everybody can read/);
  assert.deepEqual(await accepted(credentials), everyUser(true));
});

clusterTest('secrets rotate changes every password under load, and refuses no order', async (t) => {
  await ensureSystem(t);
  const old = await readCredentials();
  const load = await loadSystem(t);
  const rotated = await orchestrator('secrets rotate');
  assertDone(rotated, 'secrets rotated');
  t.diagnostic(`secrets rotate: ${rotated.seconds} s`);
  const fresh = await readCredentials();
  assert.deepEqual(await accepted(fresh), everyUser(true));
  assert.deepEqual(await accepted(old), everyUser(false));
  for (const password of passwordsOf(fresh)) assert.ok(!rotated.stderr.includes(password));
  await assertStoredOnce(t, 'secrets rotate', load);
  // PostgreSQL knows one password of a role: until its pods are new, inventory-app can use its open connections only.
  const others = load.failures.filter((failure) => !/(GET|POST) .*: 503 database_unavailable/.test(failure));
  assert.deepEqual(others, [], 'nothing but movies may have to wait');
});
