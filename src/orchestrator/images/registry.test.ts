import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandError } from '../exec.ts';
import { Failure } from '../failure.ts';
import { hasLogin, imageFailure, requireLogin } from './registry.ts';

test("a login is found in docker's configuration, with the password there or in a store", () => {
  const hub = 'https://index.docker.io/v1/';
  for (const [config, registry, expected] of [
    [{ auths: { [hub]: { auth: 'eA==' } } }, 'docker.io', true],
    [{ auths: { [hub]: {} }, credsStore: 'desktop' }, 'docker.io', true],
    [{ credHelpers: { 'ghcr.io': 'gh' } }, 'ghcr.io', true],
    [{ auths: { [hub]: {} } }, 'ghcr.io', false],
    [{ credsStore: 'desktop' }, 'docker.io', false],
    [{}, 'docker.io', false],
  ] as const) {
    assert.equal(hasLogin(JSON.stringify(config), registry), expected, JSON.stringify(config));
  }
});

test('what went wrong has a cure that fits what the tool said', () => {
  for (const [output, cure] of [
    ['denied: requested access to the resource is denied', /docker login/],
    ['You have reached your pull rate limit. toomanyrequests', /log in.*wait/],
    ['write /var/lib/docker/tmp: no space left on device', /prune/],
    ['dial tcp: lookup registry-1.docker.io: no such host', /HTTPS_PROXY/],
    ['npm error code EAI_AGAIN', /NPM_CONFIG_REGISTRY/],
    ['npm error code EUSAGE', /last lines/],
  ] as const) {
    const cause = new CommandError(['docker', 'build'], { code: 1, signal: null }, output);
    const failure = imageFailure('app could not be built.', cause);
    assert.ok(failure instanceof Failure);
    assert.equal(failure.cause, cause);
    assert.match(failure.cure ?? '', cure);
  }
  const bug = new TypeError('x');
  assert.equal(imageFailure('app could not be built.', bug), bug);
});

test('nothing is built for a registry that would not take it', async () => {
  const docker = { name: 'docker', program: 'docker' } as const;
  const env = { DOCKER_CONFIG: '/nonexistent' };
  await assert.rejects(requireLogin(docker, 'docker.io', env), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.kind, 'image-failed');
    assert.match(error.cure ?? '', /docker login docker\.io/);
    return true;
  });
  await requireLogin(docker, 'localhost:5000', env);
});
