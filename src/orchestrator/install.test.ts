import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from './exec.ts';
import { installScript } from './install.ts';

const packages = { apt: ['rabbitmq-server'], dnf: ['rabbitmq-server'], brew: ['rabbitmq'], service: 'rabbitmq-server' };

test('apt and dnf never leave a service running or enabled', () => {
  assert.match(
    installScript('apt', packages),
    /policy-rc\.d.*apt-get install -y .* rabbitmq-server; if .*systemctl disable --now rabbitmq-server/,
  );
  assert.match(
    installScript('dnf', packages),
    /dnf install -y rabbitmq-server; if .*systemctl disable --now rabbitmq-server/,
  );
  assert.match(installScript('brew', packages), /^HOMEBREW_NO_AUTO_UPDATE=1 brew install rabbitmq$/);
});

test('every script is a shell script', async () => {
  for (const manager of ['apt', 'dnf', 'brew'] as const) {
    await run(['sh', '-n', '-c', installScript(manager, packages)], { timeoutMs: 5_000 });
  }
});
