import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portPlan } from './ports.plan.ts';
import { containerArgv, containerName } from './rabbitmq.container.ts';

test('the container publishes on 127.0.0.1 only, and keeps host name and volume', () => {
  const name = containerName('/data/rabbitmq');
  assert.match(name, /^orchestrator-rabbitmq-[0-9a-f]{10}$/);
  const expected = [
    `docker run --rm --name ${name} --hostname rabbitmq --volume ${name}:/var/lib/rabbitmq`,
    '--volume /data/rabbitmq/rabbitmq.conf:/etc/rabbitmq/conf.d/90-orchestrator.conf:ro',
    '--volume /data/rabbitmq/definitions.json:/etc/rabbitmq/definitions.json:ro',
    '--publish 127.0.0.1:30003:5672 --publish 127.0.0.1:30004:15672 docker.io/library/rabbitmq:3-management-alpine',
  ];
  const argv = containerArgv('docker', { dir: '/data/rabbitmq', ports: portPlan(30_000) });
  assert.equal(argv.join(' '), expected.join(' '));
});
