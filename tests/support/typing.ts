import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { start } from './cluster.ts';
import { eventually } from './eventually.ts';

/** A prompt comes within a second; a busy machine takes its time. */
const PROMPT_TIMEOUT_MS = 60_000;

/** What a person sees and types: each line is typed when what comes before it is on the screen. */
export type Dialogue = readonly (readonly [seen: RegExp, typed: string])[];

/**
 * Runs a command on a terminal of its own (`script` of util-linux) and types into it; after the last line, waits for its end.
 * @returns all that was on the screen
 */
export async function typeInto(command: string, dialogue: Dialogue): Promise<string> {
  // Of a size, as every window has; in one without, psql pages everything.
  const child = start(`script -qec "stty rows 50 cols 160; exec ${command}" /dev/null`, { TERM: 'dumb' }, 'pipe');
  const screen = { text: '', read: 0 };
  child.stdout?.setEncoding('utf8').on('data', (part: string) => (screen.text += part));
  child.stderr?.setEncoding('utf8').on('data', (part: string) => (screen.text += part));
  try {
    for (const [seen, typed] of dialogue) await type(child, screen, seen, typed);
    await eventually(() => assert.notEqual(child.exitCode, null, `it goes on:\n${screen.text}`), PROMPT_TIMEOUT_MS);
  } finally {
    if (child.exitCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  return screen.text;
}

async function type(child: ChildProcess, screen: { text: string; read: number }, seen: RegExp, typed: string) {
  await eventually(() => {
    const unread = screen.text.slice(screen.read);
    const match = seen.exec(unread);
    assert.ok(match, `waiting for ${String(seen)}, on the screen is:\n${screen.text}`);
    screen.read += match.index + match[0].length;
  }, PROMPT_TIMEOUT_MS);
  child.stdin?.write(`${typed}\n`);
}
