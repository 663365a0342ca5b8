import { createHash } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeExit, run } from '../exec.ts';
import { Failure } from '../failure.ts';
import { findContainerTool } from '../images/tools.ts';
import { done, notYet, until } from '../wait.ts';
import type { BrokerOptions } from './components.ts';
import { tailOf } from './log-file.ts';
import { startProcess } from './process.ts';
import type { ManagedProcess } from './process.ts';
import { rabbitmqConf, rabbitmqDefinitions } from './rabbitmq.config.ts';
import { greetsAmqp } from './rabbitmq.ts';

/** The image of the cluster. */
const image = 'docker.io/library/rabbitmq:3-management-alpine';

/** The first start downloads the image, some 100 MB. */
const readyTimeoutMs = 300_000;
const commandTimeoutMs = 60_000;

/** The program that runs containers here: docker or podman, whichever answers. */
export async function findContainerRunner(folders: readonly string[]): Promise<string | undefined> {
  return (await findContainerTool(folders, ['docker', 'podman']))?.program;
}

/** One name for the container and for the volume with its data, different for each data folder. */
export function containerName(dir: string): string {
  return `orchestrator-rabbitmq-${createHash('sha256').update(dir).digest('hex').slice(0, 10)}`;
}

/** The command that runs the broker; it ends with the container. */
export function containerArgv(tool: string, { dir, ports }: Pick<BrokerOptions, 'dir' | 'ports'>): string[] {
  const name = containerName(dir);
  // The data belongs to the node's name, and that to the host's.
  const options = {
    name,
    hostname: 'rabbitmq',
    volume: [
      `${name}:/var/lib/rabbitmq`,
      `${dir}/rabbitmq.conf:/etc/rabbitmq/conf.d/90-orchestrator.conf:ro`,
      `${dir}/definitions.json:/etc/rabbitmq/definitions.json:ro`,
    ],
    publish: [`127.0.0.1:${ports.rabbitmq}:5672`, `127.0.0.1:${ports.rabbitmqPage}:15672`],
  };
  const words = Object.entries(options).flatMap(([key, values]) =>
    [values].flat().flatMap((value) => [`--${key}`, value]),
  );
  return [tool, 'run', '--rm', ...words, image];
}

/** Starts RabbitMQ in a container and returns when it takes connections. */
export async function startRabbitmqContainer(tool: string, options: BrokerOptions): Promise<ManagedProcess> {
  const { dir, ports, users, logFile, signal } = options;
  await mkdir(dir, { recursive: true });
  // The folder keeps other users out; the files must be readable for the container's user.
  await chmod(dir, 0o700);
  const conf = rabbitmqConf(
    { amqp: '5672', management: { ip: '0.0.0.0', port: 15_672 } },
    '/etc/rabbitmq/definitions.json',
  );
  await writeFile(join(dir, 'rabbitmq.conf'), conf, { mode: 0o644 });
  await writeFile(join(dir, 'definitions.json'), rabbitmqDefinitions(users), { mode: 0o644 });
  const name = containerName(dir);
  const command = (...args: string[]) => run([tool, ...args], { timeoutMs: commandTimeoutMs });
  // What a killed orchestrator left: the container outlives the command that runs it.
  await command('rm', '--force', name).catch(() => undefined);

  const client = await startProcess({
    argv: containerArgv(tool, options),
    logFile,
    pidFile: join(dir, 'container.pid'),
    ports: { rabbitmq: ports.rabbitmq, "RabbitMQ's page": ports.rabbitmqPage },
    stopSignal: 'SIGTERM',
    forceSignal: 'SIGKILL',
    graceMs: 15_000,
  });
  const stop = async (): Promise<void> => {
    await command('stop', '--time', '30', name).catch(() => undefined);
    await client.stop();
  };
  let ended = '';
  void client.exited.then((exit) => (ended = describeExit(exit)));
  const probe = async () => {
    if (ended === '')
      return (await greetsAmqp(ports.rabbitmq)) ? done(undefined) : notYet('the container does not answer yet');
    throw new Failure('start-failed', `The container of RabbitMQ ended (${ended}):\n${await tailOf(logFile, 12)}`);
  };
  try {
    await until('RabbitMQ takes connections', readyTimeoutMs, probe, { signal, everyMs: 200 });
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...client, stop, kill: (signal) => void command('kill', '--signal', signal, name).catch(() => undefined) };
}

/** Removes the data. */
export async function removeRabbitmqVolume(dir: string, folders: readonly string[]): Promise<void> {
  const tool = await findContainerRunner(folders);
  if (tool === undefined) return;
  for (const args of [
    ['rm', '--force'],
    ['volume', 'rm', '--force'],
  ]) {
    await run([tool, ...args, containerName(dir)], { timeoutMs: commandTimeoutMs }).catch(() => undefined);
  }
}
