import { join } from 'node:path';
import { run } from '../exec.ts';
import { Failure } from '../failure.ts';
import { portPlan } from '../local/ports.plan.ts';
import { rabbitmqEnvironment } from '../local/rabbitmq.config.ts';
import { findRabbitmq } from '../local/rabbitmq.find.ts';
import type { Target } from '../target/target.ts';

/** Erlang's tools take seconds of a core to start. */
const commandTimeoutMs = 60_000;

/** Runs rabbitmqctl against the system's broker. @throws CommandError @throws Failure missing-tool where it is in a container */
export async function brokerCommand(target: Target, args: readonly string[]): Promise<string> {
  if (target.kind === 'cluster') {
    return target.kubectl.run(['exec', 'deployment/rabbitmq', '--', 'rabbitmqctl', '-q', ...args], {
      timeoutMs: commandTimeoutMs,
    });
  }
  const installation = await findRabbitmq();
  if (installation === undefined) {
    throw new Failure('missing-tool', 'The broker runs in a container, where the drill does not reach its tools.');
  }
  const dir = join(target.dir, 'rabbitmq');
  const ports = portPlan(Number(new URL(target.gateways[0]).port));
  const env = rabbitmqEnvironment(dir, {
    amqp: ports.rabbitmq,
    management: ports.rabbitmqPage,
    distribution: ports.rabbitmqDistribution,
    epmd: ports.rabbitmqPortMapper,
  });
  return run([join(installation.scripts, 'rabbitmqctl'), '-q', ...args], {
    env: { PATH: installation.folders.join(':'), ...env },
    cwd: dir,
    timeoutMs: commandTimeoutMs,
  });
}
