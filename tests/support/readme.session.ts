import type { Dialogue } from './typing.ts';

/** `/ $ exit`, `orders=# TABLE orders;`: a prompt, and what is typed behind it. */
const typedLine = /^(.*?)(\S*[$#]) (.*)$/gm;

/** What a person types in a session that a document shows, each line when its prompt is there. */
export function dialogueOf(shown: string): Dialogue {
  return [...shown.matchAll(typedLine)].map(([, , prompt = '', typed = '']) => [
    RegExp(`${prompt.replaceAll(/[$^]/g, String.raw`\$&`)} `),
    typed,
  ]);
}

/** What is on the screen then, for `assertOutput`: prompts may begin otherwise than shown. */
export function screenOf(shown: string): string {
  return shown.replaceAll(typedLine, '…$2 $3');
}
