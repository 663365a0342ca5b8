import { access, constants, statfs } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import type { Environment } from '../environment.ts';
import { Failure } from '../failure.ts';
import { repository } from '../files.ts';
import type { Finding } from '../findings.ts';
import { findManager } from '../install.ts';
import { connectControl } from '../local/control.ts';
import { defaultDataFolder } from '../local/data-folder.ts';
import { requireFreePorts } from '../local/port-holder.ts';
import { defaultBasePort, portPlan } from '../local/ports.plan.ts';
import { embeddedPostgres } from '../local/postgres.binaries.ts';
import { findContainerRunner } from '../local/rabbitmq.container.ts';
import { findRabbitmq } from '../local/rabbitmq.find.ts';
import { findProgram } from '../programs.ts';

/** PostgreSQL's copies for root, two databases, the broker's log and room for orders. */
const leastDiskBytes = 2 ** 30;

export interface LocalCheckOptions {
  dir?: string;
  basePort?: number;
}

/** What `local` needs on this machine. */
export async function checkLocal(
  { folders }: Pick<Environment, 'folders'>,
  { dir = defaultDataFolder, basePort = defaultBasePort }: LocalCheckOptions = {},
): Promise<Finding[]> {
  const checks = [checkNpm(folders), checkPostgres(), checkBroker(folders), checkPorts(dir, basePort), checkDisk(dir)];
  const node = { level: 'ok', subject: 'Node', message: `${process.versions.node} runs this` } as const;
  return [node, ...(await Promise.all(checks))];
}

async function checkNpm(folders: readonly string[]): Promise<Finding> {
  const npm = await findProgram('npm', folders);
  if (npm !== undefined) return { level: 'ok', subject: 'npm', message: npm };
  return {
    level: 'warning',
    subject: 'npm',
    message: 'is not on this machine: the dependencies that are here work, others cannot be fetched',
    cure: 'Install Node with npm: https://nodejs.org/en/download',
  };
}

async function checkPostgres(): Promise<Finding> {
  try {
    const { version } = await embeddedPostgres();
    return { level: 'ok', subject: 'PostgreSQL', message: `${version} came with the dependencies` };
  } catch (error) {
    return fromFailure('PostgreSQL', error);
  }
}

async function checkBroker(folders: readonly string[]): Promise<Finding> {
  const subject = 'RabbitMQ';
  const installed = await findRabbitmq(folders);
  if (installed !== undefined) return { level: 'ok', subject, message: `${installed.version} in ${installed.scripts}` };
  const tool = await findContainerRunner(folders);
  if (tool !== undefined)
    return { level: 'ok', subject, message: `is not installed; ${tool} would run it as a container` };
  const manager = await findManager(folders);
  if (manager === undefined) {
    return {
      level: 'error',
      subject,
      message: 'is not on this machine, nor a container tool or a package manager that could bring it',
      cure: 'Start Docker or podman, or see https://www.rabbitmq.com/docs/download',
    };
  }
  return {
    level: 'warning',
    subject,
    message: `is not on this machine yet: local installs it with ${manager}`,
    cure: './orchestrator.sh local',
  };
}

async function checkPorts(dir: string, basePort: number): Promise<Finding> {
  const ports = portPlan(basePort);
  const last = Math.max(...Object.values(ports));
  const subject = 'ports';
  const running = await connectControl(dir).catch(() => undefined);
  if (running !== undefined)
    return { level: 'ok', subject, message: `the system runs here already (pid ${running.pid})` };
  try {
    await requireFreePorts(ports);
    return { level: 'ok', subject, message: `${basePort} to ${last} are free` };
  } catch (error) {
    return fromFailure(subject, error);
  }
}

async function checkDisk(dir: string): Promise<Finding> {
  const subject = 'disk';
  const place = existsSync(dir) ? dir : repository;
  const writable = await access(place, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!writable) {
    return { level: 'error', subject, message: `${place} cannot be written`, cure: `sudo chown -R "$USER" '${place}'` };
  }
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const message = `${(free / 2 ** 30).toFixed(1)} GiB free in ${place}`;
  if (free >= leastDiskBytes) return { level: 'ok', subject, message };
  return {
    level: 'error',
    subject,
    message: `${message}; 1 GiB is needed`,
    cure: 'Make room, or choose another folder: ./orchestrator.sh local --data DIR',
  };
}

function fromFailure(subject: string, error: unknown): Finding {
  if (!(error instanceof Failure)) throw error;
  return { level: 'error', subject, message: error.message, cure: error.cure ?? '' };
}
