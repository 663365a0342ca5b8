import type { Command } from './command.ts';
import { providerNames } from './providers/provider.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** What can be typed: commands, and behind each its words and options. */
export interface Vocabulary {
  commands: { name: string; summary: string; words: readonly string[] }[];
}

/** The options of a command stand in its help, and are read there. */
export function vocabularyOf(commands: Readonly<Record<string, Command>>): Vocabulary {
  return {
    commands: Object.entries(commands).map(([name, { summary, help, words = [] }]) => {
      const flags = help.match(/(?<![\w-])--[a-z][a-z-]*[a-z]/g) ?? [];
      return { name, summary, words: [...new Set([...words, ...flags, '--help'])] };
    }),
  };
}

/** A script for the shell to read: `source <(./orchestrator.sh completion bash)`. */
export function completionScript(shell: Shell, vocabulary: Vocabulary): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](vocabulary);
}

const names = ({ commands }: Vocabulary): string => commands.map(({ name }) => name).join(' ');
const providers = providerNames.join(' ');

function bashScript(vocabulary: Vocabulary): string {
  const cases = vocabulary.commands.map(({ name, words }) => `    ${name}) words='${words.join(' ')}' ;;`);
  return `# In ~/.bashrc: source <(/path/to/orchestrator.sh completion bash)
_orchestrator() {
  local word=\${COMP_WORDS[COMP_CWORD]} words
  COMPREPLY=()
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words='${names(vocabulary)} --help'; fi
  if [ "\${COMP_WORDS[COMP_CWORD - 1]}" = --provider ]; then words='${providers}'; fi
  # shellcheck disable=SC2207 # no word has a space, and the bash of macOS has no mapfile
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _orchestrator orchestrator.sh
`;
}

function zshScript(vocabulary: Vocabulary): string {
  const list = vocabulary.commands.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`);
  const cases = vocabulary.commands.map(({ name, words }) => `    ${name}) compadd -- ${words.join(' ')} ;;`);
  return `# In ~/.zshrc, after compinit: source <(/path/to/orchestrator.sh completion zsh)
_orchestrator() {
  local -a commands=(
${list.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  if [[ $words[CURRENT-1] == --provider ]]; then compadd -- ${providers}; return; fi
  case $words[2] in
${cases.join('\n')}
  esac
  _files
}
compdef _orchestrator orchestrator.sh
`;
}

function fishScript(vocabulary: Vocabulary): string {
  const rule = (condition: string, rest: string): string => `complete -c orchestrator.sh -n '${condition}' ${rest}`;
  const lines = vocabulary.commands.flatMap(({ name, summary, words }) => [
    rule('__fish_use_subcommand', `-f -a ${name} -d '${quoted(summary)}'`),
    rule(`__fish_seen_subcommand_from ${name}`, `-a '${words.join(' ')}'`),
  ]);
  return `# In ~/.config/fish/config.fish: /path/to/orchestrator.sh completion fish | source
${lines.join('\n')}
complete -c orchestrator.sh -l provider -x -a '${providers}'
`;
}

/** Within single quotes; the summaries have none. */
const quoted = (text: string): string => text.replaceAll("'", '').replaceAll(':', ' -');
