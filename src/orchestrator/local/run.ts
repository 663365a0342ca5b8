import { glob, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, exitCodes } from '../failure.ts';
import type { Environment } from '../environment.ts';
import type { Terminal } from '../terminal.ts';
import { startBroker } from './broker.ts';
import { pageUser, startGroups, stopOrder } from './components.ts';
import { connectControl, serveControl } from './control.ts';
import { commandOn, lockDataFolder, openDataFolder, openSecrets } from './data-folder.ts';
import type { Secrets } from './data-folder.ts';
import { componentNames, portPlan } from './ports.plan.ts';
import type { PortPlan } from './ports.plan.ts';
import { removePostgres } from './postgres.binaries.ts';
import { requireFreePorts } from './port-holder.ts';
import { endLeftover } from './process.ts';
import { removeRabbitmqVolume } from './rabbitmq.container.ts';
import { createRelays } from './relays.ts';
import type { Relays } from './relays.ts';
import { openScreen } from './screen.ts';
import type { Screen } from './screen.ts';
import { Supervisor } from './supervisor.ts';

export interface RunOptions {
  dir: string;
  basePort: number;
  /** Delete the data of earlier runs first. */
  fresh: boolean;
  services: string;
  terminal: Terminal;
  environment: Environment;
  answer: (text: string) => void;
}

/** Runs the system until it is told to stop. Returns the exit code. */
export async function runSystem(options: RunOptions): Promise<number> {
  const { dir, terminal } = options;
  await openDataFolder(dir);
  using _lock = lockDataFolder(dir) ?? (await failAlreadyRunning(dir));
  const screen = openScreen(terminal);
  try {
    const left = await endLeftovers(dir);
    if (left > 0) screen.say(`ended ${left} processes that a killed run had left`);
    if (options.fresh) await removeData(options, screen);
    return await superviseUntilStopped(options, screen);
  } finally {
    screen.close();
  }
}

/** Ends every process that a killed run left behind. Returns how many there were. */
export async function endLeftovers(dir: string): Promise<number> {
  const ended = await Promise.all((await pidFiles(dir)).map((file) => endLeftover(file)));
  return ended.filter((pid) => pid !== undefined).length;
}

const killNow = { stopSignal: 'SIGKILL', forceSignal: 'SIGKILL', graceMs: 5_000 } as const;

async function pidFiles(dir: string): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob('*/*.pid', { cwd: dir })) files.push(join(dir, file));
  return files;
}

async function superviseUntilStopped(options: RunOptions, screen: Screen): Promise<number> {
  const { dir, basePort, services, terminal, environment, answer } = options;
  const started = performance.now();
  const ports = portPlan(basePort);
  // Before anything is started: each part checks its own again.
  await requireFreePorts(ports);
  const secrets = await openSecrets(dir);
  const broker = { environment, interactive: terminal.live, say: screen.say, aside: screen.aside };
  const relays = createRelays(ports);
  const groups = startGroups({
    dir,
    ports,
    secrets,
    services,
    serviceEnvironment: environment.services,
    say: screen.say,
    startBroker: (broking) => startBroker(broking, broker),
    portTo: relays.portTo,
  });
  const byName = new Map(groups.flat().map((component) => [component.name, component]));
  const components = componentNames.flatMap((name) => byName.get(name) ?? []);
  const supervisor: Supervisor = new Supervisor(components, (state) => screen.show(supervisor.states, state));

  let ready = false;
  let killed = false;
  using stopping = listenForStop((times) => {
    if (times === 1) return screen.say('stopping; Ctrl-C again to kill');
    killed = true;
    void kill(supervisor, dir);
  });
  await using _control = await serveControl(dir, {
    status: () => ({ pid: process.pid, addresses: addressesOf(ports, secrets), components: supervisor.states }),
    start: (name) => supervisor.start(name),
    stop: (name) => supervisor.stop(name),
    relay: (isOn) => relayServices(supervisor, relays, isOn),
    cut: relays.cut,
    down: stopping.request,
  });
  try {
    const starting = startInOrder(supervisor, groups, stopping.requested);
    await Promise.race([starting, stopping.requested]);
    ready = !stopping.isRequested();
    if (ready) {
      screen.say(`ready after ${((performance.now() - started) / 1000).toFixed(1)} s`);
      await screen.aside(async () => answer(welcome(dir, ports, secrets)));
    } else starting.catch(() => undefined);
    await stopping.requested;
  } finally {
    await supervisor.stopAll(stopOrder);
    relays.retire()();
  }
  return ready && !killed ? exitCodes.ok.code : exitCodes.interrupted.code;
}

/** The services learn at their start where the others are. */
async function relayServices(supervisor: Supervisor, relays: Relays, isOn: boolean): Promise<void> {
  if (isOn) await relays.open();
  const end = isOn ? undefined : relays.retire();
  for (const name of ['inventory-app', 'billing-app', 'api-gateway'] as const) {
    if (supervisor.states.find((state) => state.name === name)?.phase === 'stopped') continue;
    await supervisor.stop(name);
    await supervisor.start(name);
  }
  end?.();
}

async function startInOrder(
  supervisor: Supervisor,
  groups: ReturnType<typeof startGroups>,
  stopRequested: Promise<void>,
): Promise<void> {
  let stop = false;
  void stopRequested.then(() => (stop = true));
  for (const group of groups) {
    if (stop) return;
    await Promise.all(group.map(({ name }) => supervisor.start(name)));
  }
}

interface StopListener extends Disposable {
  requested: Promise<void>;
  isRequested(): boolean;
  request: () => void;
}

/** Ctrl-C, `kill`, and a terminal that was closed all mean the same. */
function listenForStop(onRequest: (times: number) => void): StopListener {
  const { promise, resolve } = Promise.withResolvers<void>();
  let times = 0;
  const request = (): void => {
    times += 1;
    onRequest(times);
    resolve();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, request);
  return {
    requested: promise,
    isRequested: () => times > 0,
    request,
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, request);
    },
  };
}

/** Also what is just starting, and not in the supervisor's hands yet. */
async function kill(supervisor: Supervisor, dir: string): Promise<void> {
  supervisor.kill();
  await Promise.allSettled((await pidFiles(dir)).map((file) => endLeftover(file, killNow)));
}

async function failAlreadyRunning(dir: string): Promise<never> {
  const running = await connectControl(dir).catch(() => undefined);
  const who = running === undefined ? '' : ` (pid ${running.pid})`;
  throw new Failure('already-running', `The system runs already on ${dir}${who}.`, {
    cure: `Look at it: ${commandOn(dir)} status    Stop it: ${commandOn(dir)} down    A second one: --port N --data DIR`,
  });
}

async function removeData({ dir, environment }: RunOptions, screen: Screen): Promise<void> {
  screen.say(`--fresh: removing all data of earlier runs (databases, queues, passwords, logs) in ${dir}`);
  await removePostgres(join(dir, 'inventory-database'));
  await removePostgres(join(dir, 'billing-database'));
  await removeRabbitmqVolume(join(dir, 'rabbitmq'), environment.folders);
  for (const name of [...componentNames, 'secrets.json', 'logs'])
    await rm(join(dir, name), { recursive: true, force: true });
  await openDataFolder(dir);
}

function addressesOf(ports: PortPlan, secrets: Secrets): Record<string, string> {
  return {
    gateway: `http://localhost:${ports['api-gateway']}`,
    health: `http://localhost:${ports['api-gateway']}/health/ready`,
    rabbitmq: `http://localhost:${ports.rabbitmqPage}  (user ${pageUser}, password ${secrets.pagePassword})`,
  };
}

function welcome(dir: string, ports: PortPlan, secrets: Secrets): string {
  const { gateway = '', health = '', rabbitmq = '' } = addressesOf(ports, secrets);
  const order = '{"user_id":"20","number_of_items":"99","total_amount":"250"}';
  return `
The system runs:
  gateway   ${gateway}
  health    ${health}
  RabbitMQ  ${rabbitmq}

Try it:
  curl -X POST ${gateway}/api/billing -H 'Content-Type: application/json' -d '${order}'
  curl ${gateway}/api/movies
  ${commandOn(dir)} psql billing -c 'TABLE orders'

From another terminal: ${commandOn(dir)} status | logs | stop billing-app | start billing-app | down
Ctrl-C stops everything; the data is kept.
`;
}
