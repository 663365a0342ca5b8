import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command, Context } from '../command.ts';
import { chooseWord, parseCommandLine } from '../command.ts';
import { Failure, UsageError, exitCodes } from '../failure.ts';
import { ownerConnection, servicesFolder } from '../local/components.ts';
import { connectControl } from '../local/control.ts';
import { commandOn, defaultDataFolder, openSecrets } from '../local/data-folder.ts';
import { followLogs } from '../local/log.follow.ts';
import { componentNames, defaultBasePort, parseBasePort } from '../local/ports.plan.ts';
import type { PortPlan } from '../local/ports.plan.ts';
import { processIdentity } from '../local/process-table.ts';
import { runPsql } from '../local/psql.ts';
import { endLeftovers, runSystem } from '../local/run.ts';
import { stateTable } from '../local/screen.ts';
import { done, notYet, until } from '../wait.ts';

const help = `./orchestrator.sh local [--port N] [--data DIR] [--fresh]

Runs the whole system on this machine without Kubernetes or Docker: two PostgreSQL servers, RabbitMQ and the three
services, all on 127.0.0.1. It stays in the foreground; Ctrl-C stops everything. The data is kept between runs.

  --port N    the gateway's port, and the first of the twelve that are used (${defaultBasePort})
  --data DIR  where data, passwords and logs are kept (.local in the repository)
  --fresh     delete that data first

From another terminal:
  local status [-o json]       the state of each component
  local stop NAME              stop a component; it stays stopped
  local start NAME             start it again
  local logs [NAME] [-n N] [--no-follow]
  local psql billing|inventory [ARGUMENT…]
                               psql on that database, with psql's own arguments: -c 'TABLE orders'
  local down                   stop everything

NAME is one of ${componentNames.join(', ')}.
`;

interface Call extends Context {
  dir: string;
  argv: readonly string[];
}

const databases = ['billing', 'inventory'] as const;

const common = { data: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;

const subcommands: Readonly<Record<string, (call: Call) => Promise<number>>> = {
  status,
  start,
  stop,
  logs,
  psql,
  down,
};

export const local: Command = {
  summary: 'run the whole system on this machine, without Kubernetes or Docker',
  help,
  words: [...Object.keys(subcommands), ...componentNames, ...databases],
  run: async (argv, context) => {
    const options = { ...common, port: { type: 'string' }, fresh: { type: 'boolean' } } as const;
    // The first word is the sub-command; what follows is its own business, for psql has arguments that we do not know.
    const { tokens } = parseCommandLine({
      args: [...argv],
      options,
      strict: false,
      allowPositionals: true,
      tokens: true,
    });
    const word = tokens.find((token) => token.kind === 'positional');
    const end = word?.index ?? argv.length;
    const { values } = parseCommandLine({ args: argv.slice(0, end), options });
    const dir = resolve(values.data ?? defaultDataFolder);
    if (word !== undefined) {
      if (values.port !== undefined || values.fresh) throw new UsageError('--port and --fresh belong to local itself');
      const name = chooseWord('sub-command of local', word.value, Object.keys(subcommands));
      return subcommands[name]!({ ...context, dir, argv: argv.slice(end + 1) });
    }
    const basePort = values.port === undefined ? defaultBasePort : parseBasePort(values.port);
    const fresh = values.fresh ?? false;
    return runSystem({ dir, basePort, fresh, services: servicesFolder, answer: print, ...context });
  },
};

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** The folder, and the words that are left. */
function parse(call: Call, words: number): { dir: string; words: string[] } {
  const { values, positionals } = parseCommandLine({ args: [...call.argv], options: common, allowPositionals: true });
  if (positionals.length > words) throw new UsageError(`one argument too many: ${positionals[words]}`);
  return { dir: values.data === undefined ? call.dir : resolve(values.data), words: positionals };
}

async function status(call: Call): Promise<number> {
  const options = { ...common, output: { type: 'string', short: 'o', default: 'table' } } as const;
  const { values } = parseCommandLine({ args: [...call.argv], options });
  const format = chooseWord('output format', values.output, ['table', 'json']);
  const dir = values.data === undefined ? call.dir : resolve(values.data);
  try {
    const { pid, addresses, components } = await (await connectControl(dir)).status();
    if (format === 'json') print(JSON.stringify({ running: true, pid, addresses, components }, undefined, 2));
    else {
      const places = Object.entries(addresses).map(([name, address]) => `${name.padEnd(9)} ${address}`);
      print([...stateTable(call.terminal, components), '', ...places].join('\n'));
    }
    return exitCodes.ok.code;
  } catch (error) {
    if (format !== 'json' || !(error instanceof Failure)) throw error;
    print(JSON.stringify({ running: false, components: [] }, undefined, 2));
    return exitCodes[error.kind].code;
  }
}

async function start(call: Call): Promise<number> {
  const { dir, words } = parse(call, 1);
  const name = chooseWord('component', words[0], componentNames);
  await (await connectControl(dir)).start(name);
  print(`${name} started`);
  return exitCodes.ok.code;
}

async function stop(call: Call): Promise<number> {
  const { dir, words } = parse(call, 1);
  const name = chooseWord('component', words[0], componentNames);
  await (await connectControl(dir)).stop(name);
  print(`${name} stopped`);
  return exitCodes.ok.code;
}

async function logs(call: Call): Promise<number> {
  const options = {
    ...common,
    lines: { type: 'string', short: 'n', default: '20' },
    'no-follow': { type: 'boolean' },
  } as const;
  const { values, positionals } = parseCommandLine({ args: [...call.argv], options, allowPositionals: true });
  if (!/^\d{1,6}$/.test(values.lines)) throw new UsageError('-n takes a number of lines');
  const dir = values.data === undefined ? call.dir : resolve(values.data);
  const names =
    positionals.length === 0
      ? componentNames
      : positionals.map((name) => chooseWord('component', name, componentNames));
  const running = await connectControl(dir).then(
    () => true,
    () => false,
  );
  const files = new Map(names.map((name) => [name, join(dir, 'logs', `${name}.log`)]));
  if (![...files.values()].some((path) => existsSync(path))) {
    throw new Failure('not-running', `There are no logs in ${dir}: the system has not run yet.`, {
      cure: commandOn(dir),
    });
  }
  const gone = new AbortController();
  // `| head` has seen enough.
  process.stdout.once('error', () => gone.abort());
  const follow = running && values['no-follow'] !== true;
  await followLogs(files, { lines: Number(values.lines), follow, print, signal: gone.signal });
  return exitCodes.ok.code;
}

async function psql(call: Call): Promise<number> {
  const [word, ...args] = call.argv;
  const database = chooseWord('database', word, databases);
  const { components } = await (await connectControl(call.dir)).status();
  const ports = Object.fromEntries(components.map(({ name, port }) => [name, port])) as PortPlan;
  const connection = ownerConnection({ ports, secrets: await openSecrets(call.dir) }, `${database}-database`);
  const say = (line: string): void => call.terminal.write(`${line}\n`);
  return runPsql(connection, args, {
    environment: call.environment,
    interactive: call.terminal.live,
    say,
    aside: (ask) => ask(),
  });
}

/** Longer than every component's own time to stop, one after the other. */
const downTimeoutMs = 120_000;

async function down(call: Call): Promise<number> {
  const { dir } = parse(call, 0);
  const running = await connectControl(dir).catch((error: unknown) => {
    if (error instanceof Failure && error.kind === 'not-running') return undefined;
    throw error;
  });
  if (running === undefined) {
    const ended = await endLeftovers(dir);
    print(ended === 0 ? 'the system does not run' : `${ended} processes of a killed run ended`);
    return exitCodes.ok.code;
  }
  await running.down();
  await until(`the system (pid ${running.pid}) stops`, downTimeoutMs, async () => {
    return (await processIdentity(running.pid)) === running.identity ? notYet('still running') : done(undefined);
  });
  print('the system is stopped');
  return exitCodes.ok.code;
}
