import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describeExit, run } from '../exec.ts';
import type { RunOptions } from '../exec.ts';
import { Failure } from '../failure.ts';
import { done, notYet, until } from '../wait.ts';
import { tailOf } from './log-file.ts';
import { freePort } from './ports.ts';
import { startProcess } from './process.ts';
import type { ManagedProcess } from './process.ts';
import { rabbitmqConf, rabbitmqDefinitions, rabbitmqEnvironment } from './rabbitmq.config.ts';
import type { RabbitmqPorts, RabbitmqUser } from './rabbitmq.config.ts';
import { findRabbitmq } from './rabbitmq.find.ts';
import type { RabbitmqInstallation } from './rabbitmq.find.ts';

export interface RabbitmqOptions {
  /** Folder of this broker: data, cookie, configuration, log. Made when absent. Two brokers never share one. */
  dir: string;
  /** AMQP port on 127.0.0.1; a free one when absent. */
  port?: number;
  /** Port of the management page; without it the page is not served, and the broker starts and stops sooner. */
  managementPort?: number;
  /** Erlang's own two ports; free ones when absent. */
  distributionPort?: number;
  epmdPort?: number;
  /** One administrator called `guest` with password `guest` when absent. */
  users?: readonly RabbitmqUser[];
  logFile?: string;
  /** Which RabbitMQ; the first one found on the machine when absent. */
  installation?: RabbitmqInstallation;
  /** Gives up the start. */
  signal?: AbortSignal | undefined;
}

/** A running broker. `pid` is the Erlang VM itself: SIGKILL and SIGSTOP hit what they are meant to. */
export interface RabbitmqServer extends ManagedProcess {
  port: number;
  managementPort: number | undefined;
  /** Runs rabbitmqctl against this broker and returns its output: `ctl('add_vhost', 'test')`. Takes about half a second. */
  ctl(...args: string[]): Promise<string>;
}

const everything = { configure: '.*', write: '.*', read: '.*' };
const guest: RabbitmqUser = { name: 'guest', password: 'guest', tag: 'administrator', permissions: everything };

/** Loading Erlang's modules takes 5 s on a quiet machine with two cores; recovery of full queues comes on top. */
const readyTimeoutMs = 120_000;
/** With the management page a broker takes 6 s to end; it syncs its queues as well. */
const stopGraceMs = 30_000;
const ctlTimeoutMs = 60_000;

/**
 * Starts RabbitMQ and returns when it takes connections. Several may run side by side and beside the machine's own, as root
 * or as an ordinary user. Messages survive: data and node name stay the same whatever the ports.
 * @throws Failure with the last lines of its log, or when there is no RabbitMQ on this machine
 */
export async function startRabbitmq(options: RabbitmqOptions): Promise<RabbitmqServer> {
  const { dir, users = [guest] } = options;
  const installation = options.installation ?? (await findRabbitmq());
  if (installation === undefined)
    throw new Failure('missing-tool', 'There is no RabbitMQ 3.10 or newer on this machine.');
  const ports: RabbitmqPorts = {
    amqp: options.port ?? (await freePort()),
    management: options.managementPort,
    distribution: options.distributionPort ?? (await freePort()),
    epmd: options.epmdPort ?? (await freePort()),
  };
  await writeConfiguration(dir, ports, users);

  const env = { PATH: installation.folders.join(':'), ...rabbitmqEnvironment(dir, ports) };
  const files = { env, cwd: dir, logFile: options.logFile ?? join(dir, 'rabbitmq.log') };
  const epmd = await startPortMapper(installation.epmd, dir, files, ports);
  try {
    const broker = await startBroker(installation, dir, files, ports);
    await untilReady(broker, ports.amqp, files.logFile, options.signal);
    return {
      ...broker,
      port: ports.amqp,
      managementPort: ports.management,
      ctl: (...args) =>
        run([join(installation.scripts, 'rabbitmqctl'), ...args], { env, cwd: dir, timeoutMs: ctlTimeoutMs }),
      stop: async () => {
        // In this order: a broker that misses its port mapper starts another one.
        await broker.stop();
        await epmd.stop();
      },
    };
  } catch (error) {
    await epmd.stop();
    throw error;
  }
}

async function writeConfiguration(dir: string, ports: RabbitmqPorts, users: readonly RabbitmqUser[]): Promise<void> {
  await mkdir(dir, { recursive: true });
  await chmod(dir, 0o700);
  const definitions = join(dir, 'definitions.json');
  const cookie = join(dir, '.erlang.cookie');
  // Erlang would make one itself, from the clock.
  if (!existsSync(cookie)) await writeFile(cookie, randomBytes(20).toString('hex').toUpperCase(), { mode: 0o400 });
  await writeFile(definitions, rabbitmqDefinitions(users), { mode: 0o600 });
  const ip = '127.0.0.1';
  const listeners = {
    amqp: `${ip}:${ports.amqp}`,
    management: ports.management === undefined ? undefined : { ip, port: ports.management },
  };
  await writeFile(join(dir, 'rabbitmq.conf'), rabbitmqConf(listeners, definitions));
  await writeFile(join(dir, 'enabled_plugins'), ports.management === undefined ? '[].\n' : '[rabbitmq_management].\n');
}

type Files = RunOptions & { logFile: string };

function startPortMapper(epmd: string, dir: string, files: Files, ports: RabbitmqPorts): Promise<ManagedProcess> {
  const ending = { stopSignal: 'SIGTERM', forceSignal: 'SIGKILL', graceMs: 2_000 } as const;
  return startProcess({
    argv: [epmd],
    pidFile: join(dir, 'epmd.pid'),
    ports: { "RabbitMQ's port mapper": ports.epmd },
    ...files,
    ...ending,
  });
}

function startBroker(
  { scripts }: RabbitmqInstallation,
  dir: string,
  files: Files,
  ports: RabbitmqPorts,
): Promise<ManagedProcess> {
  const ending = { stopSignal: 'SIGTERM', forceSignal: 'SIGKILL', graceMs: stopGraceMs } as const;
  return startProcess({
    argv: [join(scripts, 'rabbitmq-server'), '-noinput'],
    pidFile: join(dir, 'rabbitmq.pid'),
    ports: brokerPorts(ports),
    ...files,
    ...ending,
  });
}

function brokerPorts({ amqp, management, distribution }: RabbitmqPorts): Record<string, number> {
  const page = management === undefined ? {} : { "RabbitMQ's page": management };
  return { rabbitmq: amqp, ...page, "RabbitMQ's tools": distribution };
}

async function untilReady(
  broker: ManagedProcess,
  port: number,
  logFile: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  let ended = '';
  void broker.exited.then((exit) => (ended = describeExit(exit)));
  const probe = async () => {
    if (ended === '') return (await greetsAmqp(port)) ? done(undefined) : notYet('no answer on its AMQP port');
    throw new Failure(
      'start-failed',
      `RabbitMQ ended while it started (${ended}). Its log:\n${await tailOf(logFile, 12)}`,
      {
        cure: `The whole log: ${logFile}`,
      },
    );
  };
  try {
    await until('RabbitMQ takes connections', readyTimeoutMs, probe, { signal });
  } catch (error) {
    await broker.stop();
    throw error;
  }
}

/** Whether a broker answers the protocol header with a method frame (AMQP 0-9-1, 4.2.2 and 4.2.3). */
export async function greetsAmqp(port: number, timeoutMs = 2_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: timeoutMs });
    const finish = (greeted: boolean): void => {
      socket.destroy();
      resolve(greeted);
    };
    socket.once('connect', () => socket.write('AMQP\0\0\x09\x01', 'latin1'));
    socket.once('data', (data) => finish(data[0] === 1));
    for (const event of ['error', 'timeout', 'close']) socket.once(event, () => finish(false));
  });
}
