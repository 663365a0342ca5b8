import { Failure } from '../failure.ts';
import { installPackages } from '../install.ts';
import type { InstallOptions } from '../install.ts';
import type { BrokerOptions } from './components.ts';
import type { ManagedProcess } from './process.ts';
import { findContainerRunner, startRabbitmqContainer } from './rabbitmq.container.ts';
import { findRabbitmq } from './rabbitmq.find.ts';
import type { RabbitmqInstallation } from './rabbitmq.find.ts';
import { startRabbitmq } from './rabbitmq.ts';

const packages = {
  apt: ['rabbitmq-server'],
  dnf: ['rabbitmq-server'],
  brew: ['rabbitmq'],
  service: 'rabbitmq-server',
};

/** The RabbitMQ of this machine, installed now where there was none; else why that could not be done. */
export async function provideRabbitmq(
  install: InstallOptions,
): Promise<{ installation: RabbitmqInstallation | undefined; obstacle?: string | undefined }> {
  const { folders } = install.environment;
  const found = await findRabbitmq(folders);
  if (found !== undefined) return { installation: found };
  install.say('there is no RabbitMQ 3.10 or newer on this machine');
  const obstacle = await installPackages(packages, install);
  return { installation: await findRabbitmq(folders), obstacle };
}

/**
 * Starts RabbitMQ with what this machine has: installed; else installed now; else as a container.
 * @throws Failure with what can be done
 */
export async function startBroker(options: BrokerOptions, install: InstallOptions): Promise<ManagedProcess> {
  const { ports, ...rest } = options;
  const { say } = install;
  const { folders } = install.environment;
  const { installation, obstacle } = await provideRabbitmq(install);
  options.signal.throwIfAborted();
  if (installation !== undefined) {
    return startRabbitmq({
      ...rest,
      installation,
      port: ports.rabbitmq,
      managementPort: ports.rabbitmqPage,
      distributionPort: ports.rabbitmqDistribution,
      epmdPort: ports.rabbitmqPortMapper,
    });
  }
  const tool = await findContainerRunner(folders);
  if (tool !== undefined) {
    say(`running RabbitMQ with ${tool}`);
    return startRabbitmqContainer(tool, options);
  }
  throw new Failure(
    'missing-tool',
    `RabbitMQ is missing, and could not be installed: ${obstacle ?? 'what was installed is older than 3.10'}.`,
    {
      cure: [
        'any of these, then run again:',
        'Debian, Ubuntu:  sudo apt-get install rabbitmq-server',
        'Fedora:          sudo dnf install rabbitmq-server',
        'macOS:           brew install rabbitmq',
        'elsewhere:       start Docker or podman, or see https://www.rabbitmq.com/docs/download',
      ].join('\n  '),
    },
  );
}
