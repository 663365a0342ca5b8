import { globSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from '@orchestrator/orchestrator/command.ts';
import { vocabularyOf } from '@orchestrator/orchestrator/completion.ts';
import { providerNames } from '@orchestrator/orchestrator/providers/provider.ts';
import { root } from './readme.ts';
import { isPlaceholder } from './typed.ts';

/** What `./orchestrator.sh` understands behind one of its commands. */
export interface Understood {
  /** The words and long options that a shell would complete. */
  words: ReadonlySet<string>;
  help: string;
}

/** All commands, by name: each is a file that exports one, or makes it of all of them. */
export async function understoodCommands(): Promise<Map<string, Understood>> {
  const files = globSync('src/orchestrator/commands/*.ts', { cwd: root }).filter((path) => !path.includes('.test.'));
  const commands = await Promise.all(
    files.map(async (path) => {
      const [exported] = Object.values(
        (await import(root + path)) as Record<string, Command | ((_: () => object) => Command)>,
      );
      const command = typeof exported === 'function' ? exported(() => ({})) : exported!;
      return [basename(path, '.ts'), command] as const;
    }),
  );
  const { commands: vocabulary } = vocabularyOf(Object.fromEntries(commands));
  const words = new Map(vocabulary.map((entry) => [entry.name, new Set(entry.words)] as const));
  return new Map(commands.map(([name, { help }]) => [name, { words: words.get(name)!, help }]));
}

/** What is wrong with a command line, which begins with ./orchestrator.sh; undefined when all of it is known. */
export function orchestratorMistake(
  [, name = '', ...rest]: readonly string[],
  commands: ReadonlyMap<string, Understood>,
): string | undefined {
  if (name === '--help' || isPlaceholder(name)) return undefined;
  const command = commands.get(name);
  if (command === undefined) return `there is no command ${name}`;
  const { words, help } = command;
  const end = rest.indexOf('--');
  let isFirst = true;
  let option: string | undefined;
  for (const word of end === -1 ? rest : rest.slice(0, end)) {
    if (option !== undefined) {
      if (option === '--provider' && !providerNames.some((provider) => provider === word)) return `no provider ${word}`;
      option = undefined;
    } else if (word.startsWith('-')) {
      if (!words.has(word) && !shortOptions(help).has(word)) return `${name} has no option ${word}`;
      // In the help, a value follows its option at once, an explanation after two spaces or more.
      if (new RegExp(`${word} \\S`).test(help)) option = word;
    } else {
      if (isFirst && !isPlaceholder(word) && !words.has(word)) return `${name} does not know ${word}`;
      isFirst = false;
    }
  }
  return undefined;
}

const shortOptions = (help: string): Set<string> => new Set(help.match(/(?<![\w-])-[a-z](?![\w-])/g));
