import type { Command } from '../command.ts';
import { chooseWord, parseCommandLine } from '../command.ts';
import { completionScript, shells, vocabularyOf } from '../completion.ts';
import { exitCodes } from '../failure.ts';

const help = `./orchestrator.sh completion bash|zsh|fish

Prints a script that lets your shell complete commands, names and options:
  bash   source <(./orchestrator.sh completion bash)
  zsh    source <(./orchestrator.sh completion zsh)
  fish   ./orchestrator.sh completion fish | source
`;

/** @param commands all of them, this one included */
export function createCompletion(commands: () => Readonly<Record<string, Command>>): Command {
  return {
    summary: 'print a script for the completion of your shell',
    help,
    words: shells,
    run: async (argv) => {
      const { positionals } = parseCommandLine({ args: [...argv], allowPositionals: true });
      const shell = chooseWord('shell', positionals[0], shells);
      process.stdout.write(completionScript(shell, vocabularyOf(commands())));
      return exitCodes.ok.code;
    },
  };
}
