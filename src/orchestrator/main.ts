import type { Command, Context } from './command.ts';
import { chooseWord } from './command.ts';
import { build } from './commands/build.ts';
import { createCompletion } from './commands/completion.ts';
import { create } from './commands/create.ts';
import { deploy } from './commands/deploy.ts';
import { destroy } from './commands/destroy.ts';
import { doctor } from './commands/doctor.ts';
import { drill } from './commands/drill.ts';
import { load } from './commands/load.ts';
import { local } from './commands/local.ts';
import { logs } from './commands/logs.ts';
import { move } from './commands/move.ts';
import { secrets } from './commands/secrets.ts';
import { start } from './commands/start.ts';
import { status } from './commands/status.ts';
import { stop } from './commands/stop.ts';
import { verify } from './commands/verify.ts';
import { readEnvironment } from './config.ts';
import { CommandError } from './exec.ts';
import { Failure, UsageError, exitCodes } from './failure.ts';
import { alignColumns, openTerminal } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { DeadlineError } from './wait.ts';

/** Every command; each is a file in commands/. */
const commands: Readonly<Record<string, Command>> = {
  create,
  start,
  stop,
  destroy,
  status,
  build,
  deploy,
  logs,
  secrets,
  move,
  local,
  drill,
  load,
  doctor,
  verify,
  completion: createCompletion(() => commands),
};

async function main(argv: readonly string[], context: Context): Promise<number> {
  const [word, ...rest] = argv;
  if (word === undefined || word === '--help' || word === '-h' || word === 'help') {
    process.stdout.write(overview());
    return word === undefined ? exitCodes.usage.code : exitCodes.ok.code;
  }
  const command = commands[chooseWord('command', word, Object.keys(commands))]!;
  if (asksForHelp(rest)) {
    process.stdout.write(command.help);
    return exitCodes.ok.code;
  }
  return command.run(rest, context);
}

/** Before any other program's arguments, such as psql's. */
function asksForHelp(argv: readonly string[]): boolean {
  return ['--help', '-h'].some((flag) => argv[0] === flag || (argv[1] === flag && argv[0] !== 'psql'));
}

function overview(): string {
  const list = alignColumns(Object.entries(commands).map(([name, { summary }]) => [`  ${name}`, summary]));
  const codes = alignColumns(Object.values(exitCodes).map(({ code, means }) => [`  ${code}`, means]));
  return `./orchestrator.sh COMMAND [OPTION…]

Commands (./orchestrator.sh COMMAND --help tells more):
${list.join('\n')}

Exit codes:
${codes.join('\n')}
`;
}

/** A user's error, a failure that has a cure, and a bug look different. Returns the exit code. */
function report(error: unknown, terminal: Terminal): number {
  const say = (text: string): void => terminal.write(`${text}\n`);
  const mark = terminal.paint('red', 'error:');
  if (error instanceof UsageError) {
    say(`${mark} ${error.message}\nSee ./orchestrator.sh --help`);
    return exitCodes.usage.code;
  }
  if (error instanceof Failure) {
    const cause = error.cause instanceof CommandError ? `\n${error.cause.message}` : '';
    say(`${mark} ${error.message}${cause}${error.cure === undefined ? '' : `\n  ${error.cure}`}`);
    return exitCodes[error.kind].code;
  }
  if (error instanceof DeadlineError) {
    say(`${mark} ${error.message}`);
    return exitCodes['start-failed'].code;
  }
  say(`${mark} this should not happen: please report it with the lines below.`);
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return exitCodes.bug.code;
}

// A reader that has gone (`| head`, a closed terminal) does not keep the system from stopping in order.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
const environment = readEnvironment();
const terminal = openTerminal(process.stderr, environment);
process.exitCode = await main(process.argv.slice(2), { terminal, environment }).catch((error: unknown) =>
  report(error, terminal),
);
