import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { isFree } from './ports.ts';
import { passwordHash } from './rabbitmq.config.ts';
import { isSupported, versionIn } from './rabbitmq.find.ts';
import { greetsAmqp, startRabbitmq } from './rabbitmq.ts';
import type { RabbitmqOptions, RabbitmqServer } from './rabbitmq.ts';

async function start(
  t: TestContext,
  options: Partial<RabbitmqOptions> = {},
): Promise<RabbitmqServer & { dir: string }> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'orchestrator-mq-')));
  let broker: RabbitmqServer | undefined;
  t.after(async () => {
    await broker?.stop();
    await rm(dir, { recursive: true, force: true });
  });
  broker = await startRabbitmq({ dir, ...options });
  return { ...broker, dir };
}

test('queues survive SIGKILL and a change of ports, and nothing is left after stop', async (t) => {
  const first = await start(t);
  const declare = `rabbit_amqqueue:declare(rabbit_misc:r(<<"/">>, queue, <<"q">>), true, false, [{<<"x-queue-type">>, longstr, <<"quorum">>}], none, <<"test">>).`;
  await first.ctl('eval', declare);
  first.kill('SIGKILL');
  assert.equal((await first.exited).signal, 'SIGKILL');

  const again = await start(t, { dir: first.dir });
  assert.notEqual(again.port, first.port);
  assert.match(await again.ctl('list_queues', '--quiet', 'name', 'type'), /^q\s+quorum$/m);
  await again.stop();
  assert.deepEqual(await Promise.all([isFree(again.port), greetsAmqp(again.port)]), [true, false]);
});

test('two brokers run side by side, each with its own users and permissions', async (t) => {
  const limited = { name: 'services', password: 'p', permissions: { configure: '^q', write: '^q', read: '^q' } };
  const [first, second] = await Promise.all([start(t), start(t, { users: [limited] })]);
  assert.match(await first.ctl('list_users', '--quiet'), /^guest\s+\[administrator\]$/m);
  assert.match(await second.ctl('list_permissions', '--quiet'), /^services\s+\^q\s+\^q\s+\^q$/m);
  await second.ctl('authenticate_user', 'services', 'p');
  await assert.rejects(second.ctl('authenticate_user', 'guest', 'guest'), /authenticate_user guest guest/);
});

test('a port in use is reported with the component and who has it', async (t) => {
  const first = await start(t);
  await assert.rejects(
    start(t, { port: first.port }),
    new RegExp(`Port ${first.port}, meant for rabbitmq, is taken by pid ${first.pid} \\(`),
  );
});

test('the version is read from the folder, and those before 3.10 are not used', () => {
  assert.equal(versionIn('/usr/lib/rabbitmq/lib/rabbitmq_server-3.10.8/sbin/rabbitmq-server'), '3.10.8');
  assert.equal(versionIn('/opt/homebrew/Cellar/rabbitmq/4.1.0/sbin/rabbitmq-server'), '4.1.0');
  assert.deepEqual(['3.9.27', '3.10.0', '4.0.1', ''].map(isSupported), [false, true, true, true]);
});

test('a password hash is the one of the documentation', () => {
  // https://www.rabbitmq.com/docs/passwords#computing-password-hash
  assert.equal(
    passwordHash('test12', Buffer.from('908DC60A', 'hex')),
    'kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR',
  );
});
