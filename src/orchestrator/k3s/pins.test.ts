import assert from 'node:assert/strict';
import { test } from 'node:test';
import { architectureOf, parsePins, readPins, setupScript } from './pins.ts';

test('the pins stand in the head of the script that uses them', async () => {
  const { version, binary, installer } = await readPins(setupScript);
  assert.match(version, /^v1\.\d+\.\d+\+k3s\d+$/);
  assert.equal(binary.arm64.url, `https://github.com/k3s-io/k3s/releases/download/${version}/k3s-arm64`);
  assert.equal(binary.amd64.url, `https://github.com/k3s-io/k3s/releases/download/${version}/k3s`);
  assert.match(installer.url, /^https:\/\/raw\.githubusercontent\.com\/k3s-io\/k3s\/[0-9a-f]{40}\/install\.sh$/);
  for (const { sha256 } of [binary.amd64, binary.arm64, installer]) assert.match(sha256, /^[0-9a-f]{64}$/);
  assert.notEqual(binary.amd64.sha256, binary.arm64.sha256);
});

test('a pin that is missing is named', () => {
  assert.throws(() => parsePins('k3s_version=v1\n'), /has no line k3s_sha256_amd64=/);
});

test('processors are known by what uname and Node call them', () => {
  assert.deepEqual(['x86_64', 'aarch64', 'arm64', 'riscv64', ''].map(architectureOf), [
    'amd64',
    'arm64',
    'arm64',
    undefined,
    undefined,
  ]);
});
