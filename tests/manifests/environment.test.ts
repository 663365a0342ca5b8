import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readConfig } from '../support/config.ts';
import type { Secret } from '@orchestrator/orchestrator/model/kubernetes.ts';
import { openManifests } from './manifest.files.ts';
import type { Parsed } from './manifest.ts';
import { databases, services } from '@orchestrator/orchestrator/model/picture.ts';
import { environmentOf, fileAt } from './references.ts';
import { setContainer, swap } from './spoil.ts';
import type { Spoil } from './spoil.ts';
import { containers, named } from './system.ts';
import type { Objects } from './system.ts';

const { intact, spoilt } = openManifests();
const folder = await mkdtemp(join(tmpdir(), 'manifests-'));
after(() => rm(folder, { recursive: true }));

/** Lets a service read what its pod is given: variables, with the values of Secrets, and mounted files. */
async function start(service: string, files: readonly Parsed[]): ReturnType<typeof readConfig> {
  const system = toObjects(files);
  const place = containers(system).find(({ pod }) => pod.name === service);
  assert.ok(place, `there is no ${service}`);
  const env = environmentOf(system, place.container);
  for (const [name, value] of env) {
    const file = name.endsWith('_FILE') ? fileAt(place, value) : undefined;
    if (!file) continue;
    const path = join(folder, `${service}-${name}`);
    await writeFile(path, secretOf(system, file.name)[file.key] ?? '');
    env.set(name, path);
  }
  return readConfig(service, Object.fromEntries(env));
}

const toObjects = (files: readonly Parsed[]): Objects => ({ manifests: files.flatMap(({ manifests }) => manifests) });

const secretOf = (system: Objects, name: string): Record<string, string> =>
  named<Secret>(system, 'Secret', name)?.object.stringData ?? {};

for (const service of services) {
  test(`${service} understands what its pod is given`, async () => {
    const { config, faults } = await start(service, intact);
    assert.deepEqual(faults, []);
    const { broker, database, ...rest } = config as Record<string, unknown>;
    const { host, database: name } = databases.find((each) => each.service === service) ?? { host: '' };
    const { username: user, password } = secretOf(toObjects(intact), host);
    if (database) assert.deepEqual(database, { host, port: 5432, database: name, user, password });
    const login = secretOf(toObjects(intact), 'rabbitmq');
    if (broker)
      assert.deepEqual(broker, {
        host: 'rabbitmq',
        port: 5672,
        user: login['username'],
        password: login['password'],
        vhost: '/',
      });
    assert.ok(database ?? broker, JSON.stringify(rest));
  });
}

const misunderstood: ReadonlyArray<readonly [fault: RegExp, service: string, spoil: Spoil]> = [
  [/^DATABASE_HOST is not set/, 'billing-app', swap('name: DATABASE_HOST', 'name: DATABASE_HOTS')],
  [/^DATABASE_PASSWORD cannot be read/, 'inventory-app', swap('value: /run/secrets/', 'value: /secrets/')],
  [/^INVENTORY_URL must be an address/, 'api-gateway', swap('http://inventory-app:8080', 'inventory-app:8080')],
  [/^LOG_LEVEL must be one of/, 'billing-app', setContainer('env.0', { name: 'LOG_LEVEL', value: 'loud' })],
  [/^PORT must be a whole number/, 'api-gateway', setContainer('env.0', { name: 'PORT', value: 'tcp://10.0.0.1' })],
];

for (const [fault, service, spoil] of misunderstood) {
  test(`a variable that the program does not take is found: ${service} ${fault}`, async () => {
    const { faults } = await start(service, spoilt(service, spoil));
    assert.ok(
      faults.some((each) => fault.test(each)),
      JSON.stringify(faults),
    );
  });
}
