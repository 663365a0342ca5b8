import { readFileSync } from 'node:fs';
import { codeSpans, readReadme, root } from './readme.ts';

/** A command that a document shows, in a block or in a sentence. */
export interface Typed {
  /** The program first; quotes are gone. */
  words: string[];
  /** Where it stands: README.md:12 */
  place: string;
}

const programs = ['./orchestrator.sh', 'kubectl'];

/** Every command of these programs in a document: those of its `sh` blocks, and the code spans of its text and tables. */
export function typedCommands(name: string): Typed[] {
  const inBlocks = readReadme(name)
    .blocks.filter(({ language }) => language === 'sh')
    .map(({ text, line }) => [text, line] as const);
  const inText = proseLines(name).flatMap(([text, line]) => codeSpans(text).map((span) => [span, line] as const));
  return [...inBlocks, ...inText].flatMap(([text, line]) =>
    commandsIn(text).map((words) => ({ words, place: `${name}:${line}` })),
  );
}

/** The lines outside of blocks, with their numbers. */
export function proseLines(name: string): (readonly [text: string, line: number])[] {
  let inBlock = false;
  return readFileSync(root + name, 'utf8')
    .split('\n')
    .flatMap((text, index) => {
      if (text.startsWith('```')) inBlock = !inBlock;
      return inBlock ? [] : [[text, index + 1] as const];
    });
}

/** The commands of our programs in a piece of shell, as far as documents need shell. */
export function commandsIn(shell: string): string[][] {
  const commands: string[][] = [[]];
  for (const [token] of shell.replaceAll('\\\n', ' ').matchAll(/(?:'[^']*'|"[^"]*"|[^\s|;&()<>'"])+|[|;&()<>\n]/g)) {
    if (/^[|;&()<>\n]$/.test(token)) commands.push([]);
    else commands.at(-1)?.push(token.replaceAll(/['"]/g, ''));
  }
  return commands.flatMap((words) => {
    const start = words.findIndex((word) => programs.includes(word));
    return start === -1 || words.length === start + 1 ? [] : [words.slice(start)];
  });
}

/** NAME, TAG…, {3}: what the reader puts something in the place of. */
export const isPlaceholder = (word: string): boolean => /^[A-Z][A-Z_]*…?$/.test(word);
