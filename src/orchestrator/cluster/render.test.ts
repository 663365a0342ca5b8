import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markConfiguration } from './config-hash.ts';
import { decideCredentials, demonstrationSecrets, valuesOf } from './credentials.ts';
import { nameImages, userInManifests } from './images.ts';
import type { KubernetesObject } from './kubectl.ts';
import { isSecret, isWorkload } from './objects.ts';
import type { Secret, Workload } from './objects.ts';
import { parseManifest, readManifests } from './manifests.ts';

const manifests = await readManifests();
const secrets = manifests.filter(isSecret);

const workload = (objects: readonly KubernetesObject[], name: string): Workload => {
  const found = objects.filter(isWorkload).find(({ metadata }) => metadata.name === name);
  assert.ok(found);
  return found;
};
const imagesOf = ({ spec }: Workload): string[] => spec.template.spec.containers.map(({ image }) => image);
const annotationsOf = ({ spec }: Workload): Record<string, string> => spec.template.metadata.annotations ?? {};

test('our images get the name of the user and the tag, those of others stay', () => {
  const named = nameImages(manifests, { user: 'ghcr.io/me', tag: '2', record: {} });
  assert.deepEqual(imagesOf(workload(named, 'api-gateway')), ['ghcr.io/me/api-gateway:2']);
  assert.deepEqual(imagesOf(workload(named, 'billing-database')), ['postgres:15-alpine']);
  assert.deepEqual(nameImages(manifests, { record: {} }), manifests);
  assert.equal(userInManifests(manifests), 'yourusername');
});

test('a name that somebody has put into the manifests stays, unless another is asked for', () => {
  const text = JSON.stringify(manifests).replaceAll('yourusername/', 'somebody/');
  const edited = JSON.parse(text) as KubernetesObject[];
  assert.equal(userInManifests(edited), 'somebody');
  assert.deepEqual(nameImages(edited, { record: {} }), edited);
  const named = nameImages(edited, { user: 'me', record: {} });
  assert.deepEqual(imagesOf(workload(named, 'api-gateway')), ['me/api-gateway:0.1.0']);
});

test('a published image is named by its digest, one that was loaded leaves its id', () => {
  const record = {
    'docker.io/me/api-gateway:0.1.0': { id: 'sha256:1', digest: 'sha256:published' },
    'docker.io/me/billing-app:0.1.0': { id: 'sha256:2' },
  };
  const named = nameImages(manifests, { user: 'me', record });
  assert.deepEqual(imagesOf(workload(named, 'api-gateway')), ['me/api-gateway:0.1.0@sha256:published']);
  assert.deepEqual(annotationsOf(workload(named, 'api-gateway')), {});
  assert.deepEqual(imagesOf(workload(named, 'billing-app')), ['me/billing-app:0.1.0']);
  assert.deepEqual(annotationsOf(workload(named, 'billing-app')), { 'microservices/image-id': 'sha256:2' });
});

/** Which workloads get new pods when these objects change. */
function rolledBy(change: (object: KubernetesObject) => KubernetesObject): string[] {
  const [before, after] = [markConfiguration(manifests), markConfiguration(manifests.map(change))];
  const rolled = after.filter(isWorkload).filter((object) => {
    return (
      JSON.stringify(annotationsOf(object)) !== JSON.stringify(annotationsOf(workload(before, object.metadata.name)))
    );
  });
  return rolled.map(({ metadata }) => metadata.name);
}

test('a changed ConfigMap makes new pods of those who mount it', () => {
  const change = (name: string) => (object: KubernetesObject) =>
    object.kind === 'ConfigMap' && object.metadata.name === name ? { ...object, data: { changed: 'yes' } } : object;
  assert.deepEqual(rolledBy(change('rabbitmq')), ['rabbitmq']);
  assert.deepEqual(rolledBy(change('postgres-config')), ['billing-database', 'inventory-database']);
});

test('new passwords make new pods of the services alone, each of its own', () => {
  const change = (name: string) => (object: KubernetesObject) =>
    isSecret(object) && object.metadata.name === name ? { ...object, stringData: { password: 'new' } } : object;
  assert.deepEqual(rolledBy(change('billing-database')), ['billing-app']);
  assert.deepEqual(rolledBy(change('inventory-database')), ['inventory-app']);
  assert.deepEqual(rolledBy(change('rabbitmq')), ['api-gateway', 'billing-app']);
});

const inCluster = (secret: Secret, values: Record<string, string>): Secret => {
  const { stringData: _, ...rest } = secret;
  const data = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return { ...rest, data: Object.fromEntries(data) };
};

test('the first time, every password is made anew and differs from every other; names stay', () => {
  const decided = decideCredentials(secrets, []);
  const passwords = decided.flatMap((secret) =>
    Object.entries(valuesOf(secret)).flatMap(([key, value]) => (key.endsWith('password') ? [value] : [])),
  );
  assert.equal(passwords.length, 6);
  assert.equal(new Set(passwords).size, 6);
  for (const password of passwords) assert.match(password, /^[A-Za-z0-9]{20}$/);
  assert.deepEqual(
    decided.map((secret) => valuesOf(secret)['username']),
    ['inventory_user', 'billing_user', 'services'],
  );
  assert.deepEqual(demonstrationSecrets(secrets, decided), []);
});

test('what the cluster has already stays; what it lacks is made, and what everybody knows is replaced', () => {
  const [first] = secrets;
  assert.ok(first);
  const existing = inCluster(first, { username: 'somebody', password: 'theirs' });
  const [kept] = decideCredentials(secrets, [existing]);
  const values = valuesOf(kept!);
  assert.equal(values['username'], 'somebody');
  assert.equal(values['password'], 'theirs');
  assert.match(values['superuser-password'] ?? '', /^[A-Za-z0-9]{20}$/);
  assert.deepEqual(demonstrationSecrets(secrets, [existing]), []);
  const byHand = inCluster(first, { username: 'inventory_user', password: 'inventory-demo' });
  assert.deepEqual(demonstrationSecrets(secrets, [byHand]), ['inventory-database']);
  assert.match(valuesOf(decideCredentials(secrets, [byHand])[0]!)['password'] ?? '', /^[A-Za-z0-9]{20}$/);
});

test('rotation changes every password of the Secrets that it names', () => {
  const existing = decideCredentials(secrets, []);
  const rotated = decideCredentials(secrets, existing, ['rabbitmq']);
  const [before, after] = [existing, rotated].map((list) => list.map(valuesOf));
  assert.deepEqual(after?.slice(0, 2), before?.slice(0, 2));
  assert.notEqual(after?.[2]?.['password'], before?.[2]?.['password']);
  assert.notEqual(after?.[2]?.['admin-password'], before?.[2]?.['admin-password']);
  assert.equal(after?.[2]?.['admin-username'], 'guest');
});

test('a manifest is read as kubectl reads it, and a broken one is named', () => {
  const [object] = parseManifest('a.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\nmode: 0440\n');
  assert.equal(object?.['mode'], 0o440);
  assert.deepEqual(parseManifest('a.yaml', '# nothing\n'), []);
  assert.throws(() => parseManifest('Manifests/a.yaml', 'a: [1\n'), /Manifests\/a\.yaml cannot be used: .*line 2/s);
  assert.throws(() => parseManifest('a.yaml', 'kind: Secret\n'), /without apiVersion, kind or metadata\.name/);
});
