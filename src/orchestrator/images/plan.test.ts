import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repository } from '../files.ts';
import { planImages, readPinnedBase, readRevision } from './plan.ts';
import type { ImagePlan } from './plan.ts';

const plan: ImagePlan = {
  root: repository,
  tool: { name: 'podman', program: 'podman' },
  user: 'me',
  tag: '1',
  all: false,
  push: false,
  extra: ['--network=host'],
};

test('without a registry the images are built from the pinned base and saved under their full names', async () => {
  const [base, revision] = [await readPinnedBase(repository), await readRevision(repository)];
  const own = ['api-gateway', 'inventory-app', 'billing-app'];
  assert.deepEqual(await planImages(plan), [
    `podman pull ${base}`,
    ...own.map(
      (name) =>
        `podman build --format=docker --file=Dockerfiles/${name}/Dockerfile --tag=docker.io/me/${name}:1 --build-arg=VERSION=1 ` +
        `--build-arg=REVISION=${revision} --build-arg=NODE_IMAGE=${base} --network=host .`,
    ),
    ...own.map((name) => `podman save --format=docker-archive --output=${name}.tar docker.io/me/${name}:1`),
  ]);
});

test('with a registry they are pushed; all of them means those of others too, under the name of the user', async () => {
  const lines = await planImages({ ...plan, all: true, push: true });
  assert.deepEqual(
    lines.filter((line) => /podman (pull|tag|push) .*(postgres|rabbitmq|billing)/.test(line)),
    [
      'podman pull docker.io/library/postgres:15-alpine',
      'podman tag docker.io/library/postgres:15-alpine docker.io/me/postgres:15-alpine',
      'podman pull docker.io/library/rabbitmq:3-management-alpine',
      'podman tag docker.io/library/rabbitmq:3-management-alpine docker.io/me/rabbitmq:3-management-alpine',
      'podman push --digestfile=billing-app.digest docker.io/me/billing-app:1',
      'podman push --digestfile=postgres:15-alpine.digest docker.io/me/postgres:15-alpine',
      'podman push --digestfile=rabbitmq:3-management-alpine.digest docker.io/me/rabbitmq:3-management-alpine',
    ],
  );
});

test('what is only loaded into the nodes keeps the name by which the manifests ask for it', async () => {
  const lines = await planImages({ ...plan, all: true });
  assert.ok(
    lines.includes(
      'podman save --format=docker-archive --output=postgres-15-alpine.tar docker.io/library/postgres:15-alpine',
    ),
  );
  assert.ok(!lines.some((line) => line.startsWith('podman tag')));
});
