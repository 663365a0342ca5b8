import type { Dialogue } from './typing.ts';

/** A prompt, perhaps behind the name of a folder, and what is typed: `/ $ exit`, `orders=# TABLE orders;`. */
const typedLine = /^(?:\S+ )?(\S*[$#]) (.+)$/gm;

/** What a person types in a session that a document shows, each line when its prompt is there. */
export function dialogueOf(shown: string): Dialogue {
  return [...shown.matchAll(typedLine)].map(([, prompt = '', typed = '']) => [
    new RegExp(`${prompt.replace('$', String.raw`\$`)} `),
    typed,
  ]);
}

/** What is on the screen then, for `assertOutput`: prompts may begin otherwise than shown. */
export function screenOf(shown: string): string {
  return shown.replaceAll(typedLine, '…$1 $2');
}
