import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildArgv,
  idArgv,
  loginArgv,
  parseDigest,
  parseId,
  pullArgv,
  pushArgv,
  saveArgv,
  tagArgv,
  toolNames,
} from './tools.ts';
import type { ToolName } from './tools.ts';

const reference = 'docker.io/user/app:1';
const hex = 'ab'.repeat(32);

/** What each tool is asked, without its own name. */
function asked(make: (tool: { name: ToolName; program: string }) => string[] | undefined): Record<string, string> {
  return Object.fromEntries(toolNames.map((name) => [name, make({ name, program: name })?.slice(1).join(' ') ?? '']));
}

test('each tool is told to build in the format of docker, with the words of the user last', () => {
  const build = {
    reference,
    dockerfile: 'Dockerfiles/app/Dockerfile',
    args: { VERSION: '1' },
    extra: ['--network=host'],
  };
  const rest = `--file=Dockerfiles/app/Dockerfile --tag=${reference} --build-arg=VERSION=1 --network=host .`;
  assert.deepEqual(
    asked((tool) => buildArgv(tool, build)),
    {
      docker: `build ${rest}`,
      podman: `build --format=docker ${rest}`,
      buildah: `build --format=docker --layers ${rest}`,
    },
  );
});

test('each tool writes an archive as docker does, with the full name in it', () => {
  assert.deepEqual(
    asked((tool) => saveArgv(tool, reference, '/tmp/app.tar')),
    {
      docker: `save --output=/tmp/app.tar ${reference}`,
      podman: `save --format=docker-archive --output=/tmp/app.tar ${reference}`,
      buildah: `push ${reference} docker-archive:/tmp/app.tar:${reference}`,
    },
  );
});

test('pull, tag, push, id, login', () => {
  const podman = { name: 'podman', program: '/usr/bin/podman' } as const;
  assert.deepEqual(pullArgv(podman, reference), ['/usr/bin/podman', 'pull', reference]);
  assert.deepEqual(tagArgv(podman, 'a', 'b'), ['/usr/bin/podman', 'tag', 'a', 'b']);
  assert.deepEqual(
    asked((tool) => pushArgv(tool, reference, '/tmp/digest')),
    {
      docker: `push ${reference}`,
      podman: `push --digestfile=/tmp/digest ${reference}`,
      buildah: `push --digestfile=/tmp/digest ${reference}`,
    },
  );
  assert.deepEqual(
    asked((tool) => idArgv(tool, reference)),
    {
      docker: `image inspect --format={{.Id}} ${reference}`,
      podman: `image inspect --format={{.Id}} ${reference}`,
      buildah: `inspect --type=image --format={{.FromImageID}} ${reference}`,
    },
  );
  assert.deepEqual(
    asked((tool) => loginArgv(tool, 'docker.io')),
    { docker: '', podman: 'login --get-login docker.io', buildah: 'login --get-login docker.io' },
  );
});

test('ids and digests are read from what the tools print', () => {
  assert.equal(parseId(`sha256:${hex}\n`), `sha256:${hex}`);
  assert.equal(parseId(`${hex}\n`), `sha256:${hex}`);
  assert.throws(() => parseId('<none>'), TypeError);
  const pushed = `5f70bf18a086: Layer already exists\n1: digest: sha256:${hex} size: 1570\n`;
  assert.equal(parseDigest(pushed), `sha256:${hex}`);
  assert.equal(parseDigest('The push refers to repository [docker.io/user/app]'), undefined);
});
